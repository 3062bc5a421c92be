# Makes a directory for a server and tidies up in the end, for a test that may not be able to: guardian.sh PREFIX SIGNAL
directory=$(mktemp -d "$1XXXXXX") || exit
>"$directory/open"
# The test may have been killed before it could read this.
trap '' PIPE
echo "$directory"

# The test holds the other end of standard input and never writes, so this line ends when the test does.
read -r _

# Whoever was about to start a server there finds the directory closed, or has left the server's process id.
rm -f "$directory/open"
if read -r server <"$directory/pid"; then
  # The server is stopped first and those below it then, so that none is started meanwhile that nobody knows of.
  all=
  found=$server
  while [ -n "$found" ]; do
    kill -s STOP $found
    all="$all $found"
    found=
    for stat in /proc/[0-9]*/stat; do
      read -r line <"$stat" || continue
      process=${line%% *}
      # the program's name is in parentheses and may be anything; then come the state and the parent
      parent=${line##*) }
      parent=${parent#* }
      parent=${parent%% *}
      case " $all " in
        *" $process "*) ;;
        *" $parent "*) found="$found $process" ;;
      esac
    done
  done
  are_alive() {
    for process in $all; do
      read -r line <"/proc/$process/stat" || continue
      # those that have ended and nobody has asked how are as good as gone
      case ${line##*) } in Z* | X*) ;; *) return 0 ;; esac
    done
    return 1
  }
  kill -s "$2" $all
  kill -s CONT $all
  patience=50
  while are_alive && [ "$patience" -gt 0 ]; do
    sleep 0.1
    patience=$((patience - 1))
  done
  # Nobody writes into the directory while it is removed.
  kill -s KILL $all
  while are_alive; do sleep 0.1; done
fi
rm -rf "$directory"
