//! Commands of this machine: where they are, and what they say within a bounded time.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::NotStarted;

/// Where a command is; servers are where the path of many users does not lead.
pub(crate) fn find(command: &str) -> Result<PathBuf, NotStarted> {
    all(command).next().ok_or_else(|| NotStarted::missing(command))
}

/// All places where there is a command of this name, the one that comes first in the path first.
pub(crate) fn all(command: &str) -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let besides = ["/usr/local/sbin", "/usr/sbin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from);
    let directories: Vec<_> = env::split_paths(&path).chain(besides).chain(postgres_directories()).collect();
    directories.into_iter().map(move |directory| directory.join(command)).filter(|path| path.is_file())
}

/// Where Debian keeps PostgreSQL's commands, the newest version first.
fn postgres_directories() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut versions: Vec<_> = versions.map(|entry| entry.path()).collect();
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    versions.into_iter().map(|path| path.join("bin")).collect()
}

/// A command that speaks English, whatever the user does.
pub(crate) fn command(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.stdin(Stdio::null()).env("LC_ALL", "C");
    command
}

/// What a command wrote to standard output.
///
/// # Errors
///
/// If it failed, with what it wrote.
pub(crate) fn output(command: &mut Command) -> io::Result<String> {
    let output = command.output()?;
    let text = |bytes| String::from_utf8_lossy(bytes).trim_end().to_owned();
    let stdout = text(&output.stdout);
    if output.status.success() {
        return Ok(stdout);
    }
    Err(io::Error::other(format!("{} {stdout} {}", output.status, text(&output.stderr))))
}

/// True if a command that asks a server whether it is there says so soon.
pub(crate) fn agrees(command: &mut Command) -> bool {
    let Ok(mut child) = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
        return false;
    };
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(_) => break,
        }
    }
    // both fail only if it has ended by now
    drop(child.kill());
    drop(child.wait());
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_nowhere_is_missing() {
        let missing = find("no-such-command").expect_err("there is none");
        assert_eq!(missing.to_string(), "command no-such-command is missing");
    }
}
