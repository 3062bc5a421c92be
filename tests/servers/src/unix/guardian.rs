//! Who makes the directory of a server, and tidies up when a test was killed.

use std::env;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use super::commands;
use crate::NotStarted;

/// A shell that makes a directory and, when this process has ended, however it did, or this value is dropped, stops the server
/// there and removes the directory. In a process group of its own, so that Ctrl-C does not end it before its work is done.
#[derive(Debug)]
pub(crate) struct Guardian {
    shell: Child,
    directory: PathBuf,
}

impl Guardian {
    /// One for a directory with this word in its name, and a server whose processes end at this signal.
    pub(crate) fn new(word: &str, signal: &str) -> Result<Guardian, NotStarted> {
        let mut command = commands::command(&commands::find("sh")?);
        command.args(["-c", include_str!("guardian.sh"), "guardian"]);
        command.arg(env::temp_dir().join(format!("webstack-{word}-"))).arg(signal);
        command.process_group(0).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut started = || -> io::Result<Guardian> {
            let mut guardian = Guardian { shell: command.spawn()?, directory: PathBuf::new() };
            let mut line = String::new();
            BufReader::new(guardian.shell.stdout.take().expect("it is piped")).read_line(&mut line)?;
            guardian.directory = PathBuf::from(line.trim_end_matches('\n'));
            Ok(guardian)
        };
        let guardian = started().map_err(NotStarted::failed)?;
        if guardian.directory.is_dir() {
            return Ok(guardian);
        }
        Err(NotStarted::failed(format!("there is no making a directory in {}", env::temp_dir().display())))
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // it fails only if it was waited for
        drop(self.shell.wait());
    }
}
