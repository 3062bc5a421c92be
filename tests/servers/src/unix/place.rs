//! The directory of a server.

use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use super::account::Account;
use super::commands;
use super::guardian::Guardian;
use crate::NotStarted;

/// A directory for one server. When it is dropped, or this process ends, the server is gone and so is the directory.
#[derive(Debug)]
pub(crate) struct Place {
    account: Option<Account>,
    guardian: Guardian,
}

impl Place {
    /// A directory with this word in its name, for servers that this account runs. If this process is killed the servers are sent
    /// this signal, and killed if that does not help.
    pub(crate) fn new(word: &str, account: Option<Account>, signal: &str) -> Result<Place, NotStarted> {
        let guardian = Guardian::new(word, signal)?;
        if let Some(Account { user, group }) = account {
            chown(guardian.directory(), Some(user), Some(group)).map_err(NotStarted::failed)?;
        }
        Ok(Place { account, guardian })
    }

    pub(crate) fn path(&self) -> &Path {
        self.guardian.directory()
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// A file with this text, which the server can read.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf, NotStarted> {
        let path = self.join(name);
        fs::write(&path, text).map_err(NotStarted::failed)?;
        Ok(path)
    }

    /// The same for a text that nobody else may read; some servers refuse a key that others can.
    pub(crate) fn write_secret(&self, name: &str, text: &str) -> Result<PathBuf, NotStarted> {
        let path = self.write(name, "")?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(NotStarted::failed)?;
        if let Some(Account { user, group }) = self.account {
            chown(&path, Some(user), Some(group)).map_err(NotStarted::failed)?;
        }
        self.write(name, text)
    }

    /// A command that runs here, as the account of the server.
    fn command(&self, path: &Path) -> Command {
        let mut command = commands::command(path);
        // what is temporary is nobody else's, and the account may have no place elsewhere
        command.current_dir(self.path()).env("TMPDIR", self.path());
        if let Some(Account { user, group }) = self.account {
            command.uid(user).gid(group);
        }
        command
    }

    /// Starts a server, or what prepares it. It leads a process group, so that Ctrl-C is the test's alone. What it says is appended to the log.
    ///
    /// It leaves its process id for the guardian before it does anything, and does nothing if the guardian is at work.
    pub(crate) fn spawn(&self, path: &Path, arguments: &[String]) -> Result<Child, NotStarted> {
        let shell = "echo $$ >pid && [ -e open ] && exec \"$@\"";
        let log = || {
            let log = fs::File::options().create(true).append(true).open(self.join("log"))?;
            Ok((log.try_clone()?, log))
        };
        let (stdout, stderr) = log().map_err(|error: io::Error| NotStarted::failed(error))?;
        let mut server = self.command(&commands::find("sh")?);
        server.args(["-c", shell, "server"]).arg(path).args(arguments).process_group(0).stdout(stdout).stderr(stderr);
        server.spawn().map_err(NotStarted::failed)
    }

    /// Runs a command that prepares the directory, to its end, which the guardian brings about if need be.
    pub(crate) fn prepare(&self, path: &Path, arguments: &[&str]) -> Result<(), NotStarted> {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let status = self.spawn(path, &arguments)?.wait().map_err(NotStarted::failed)?;
        self.forget();
        if status.success() {
            return Ok(());
        }
        Err(NotStarted::failed(format!("{} failed: {status}; its log:\n{}", path.display(), self.log_since(0))))
    }

    /// The server that was started last has ended and was waited for: its process id may become somebody else's.
    pub(crate) fn forget(&self) {
        // it fails only if that was known already
        drop(fs::remove_file(self.join("pid")));
    }

    /// How long the log is.
    pub(crate) fn log_length(&self) -> u64 {
        fs::metadata(self.join("log")).map_or(0, |log| log.len())
    }

    /// What was written to the log since it had this length.
    pub(crate) fn log_since(&self, length: u64) -> String {
        let read = || -> io::Result<Vec<u8>> {
            let mut log = fs::File::open(self.join("log"))?;
            log.seek(SeekFrom::Start(length))?;
            let mut bytes = Vec::new();
            log.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_or_else(|error| error.to_string(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}
