//! A server that is one program.

use std::path::PathBuf;
use std::process::Command;

use super::{Capabilities, EnvironmentUnderTest, LeavingIs, NotStarted, PanicIs, Server, Settings};

/// A program that serves the demo application: started as `program --listen 127.0.0.1:0`, it prints
/// `listening on http://ADDRESS` once it accepts connections, and ends on SIGTERM.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    mount: String,
    capabilities: Capabilities,
}

impl Program {
    /// The program at this path. Until said otherwise a panic closes the connection, a client that leaves is ignored, and one
    /// process runs at a time.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Program { path: path.into(), mount: String::new(), capabilities: Capabilities::new(PanicIs::Closed) }
    }

    /// What a client sees of a handler that panics.
    #[must_use]
    pub fn panics(self, panics: PanicIs) -> Self {
        Program { capabilities: Capabilities { panics, ..self.capabilities }, ..self }
    }

    /// What becomes of a handler whose client leaves.
    #[must_use]
    pub fn leaving(self, leaving: LeavingIs) -> Self {
        Program { capabilities: self.capabilities.with_leaving(leaving), ..self }
    }

    /// The demo application to be tested is mounted under this path, as `/portable`.
    #[must_use]
    pub fn below(self, path: &str) -> Self {
        Program { mount: path.trim_end_matches('/').to_owned(), ..self }
    }

    /// It drops header lines that are not UTF-8.
    #[must_use]
    pub fn headers_as_text(self) -> Self {
        Program { capabilities: self.capabilities.with_headers_as_text(), ..self }
    }

    /// Several of it may run over one store.
    #[must_use]
    pub fn multi_process(self) -> Self {
        Program { capabilities: self.capabilities.with_several_processes(), ..self }
    }
}

impl EnvironmentUnderTest for Program {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn start(&self, settings: &Settings) -> Result<Server, NotStarted> {
        // the server runs in a directory of its own, so the path must not depend on ours
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let start = || {
            let mut command = Command::new(&path);
            settings.apply(command.args(["--listen", "127.0.0.1:0"]));
            let mount = self.mount.clone();
            Server::spawn(&mut command, move |line| Some(format!("{}{mount}", line.strip_prefix("listening on ")?)))
        };
        // A framework that binds by itself is told a port that was free a moment ago, and others start at the same time.
        let was_taken = |start: &Result<Server, NotStarted>| {
            start.as_ref().is_err_and(|not_started| not_started.stderr.contains("Address already in use"))
        };
        let mut started = start();
        for _ in 0..3 {
            if was_taken(&started) {
                started = start();
            }
        }
        started
    }
}
