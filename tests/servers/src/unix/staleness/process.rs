//! Other processes: this test program once more, doing what it is told through its standard input.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use rustix::time::{ClockId, clock_gettime};

/// A process that runs one test of this program, which finds its part in the environment.
#[derive(Debug)]
pub struct Process {
    child: Child,
    answers: BufReader<ChildStdout>,
}

/// What sets an answer apart from what the test's harness prints.
const MARK: &str = "answer: ";

impl Process {
    /// Starts this test program once more, for this test alone.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start(test: &str, environment: &[(&str, &str)]) -> Process {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", test, "--nocapture", "--test-threads=1"]).envs(environment.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Process { child, answers }
    }

    /// Writes a line to its standard input.
    ///
    /// # Panics
    ///
    /// If it has ended.
    pub fn say(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().expect("it is piped"), "{line}").expect("it reads");
    }

    /// The words of its next answer.
    ///
    /// # Panics
    ///
    /// If it ends without one.
    pub fn hear(&mut self) -> Vec<i64> {
        loop {
            let mut line = String::new();
            assert!(self.answers.read_line(&mut line).expect("it writes") > 0, "the other process ended");
            if let Some((_, answer)) = line.split_once(MARK) {
                return answer.split_whitespace().map(|word| word.parse().expect("a number")).collect();
            }
        }
    }

    /// Says a line and hears the answer.
    pub fn ask(&mut self, line: &str) -> Vec<i64> {
        self.say(line);
        self.hear()
    }

    /// Stops it where it stands (SIGSTOP).
    ///
    /// # Panics
    ///
    /// If it cannot be signalled.
    pub fn freeze(&self) {
        kill_process(Pid::from_child(&self.child), Signal::STOP).expect("it is ours");
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Panics
    ///
    /// If it cannot be signalled.
    pub fn thaw(&self) {
        kill_process(Pid::from_child(&self.child), Signal::CONT).expect("it is ours");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers the process that started this one.
pub(super) fn answer(words: &[i64]) {
    let words: Vec<String> = words.iter().map(i64::to_string).collect();
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{MARK}{}", words.join(" ")).and_then(|()| out.flush()).expect("it is read");
}

/// The clock that all processes of a machine share, in nanoseconds: the one that `Instant` is read from.
pub(super) fn monotonic() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}
