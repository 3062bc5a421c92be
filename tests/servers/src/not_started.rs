//! Why there is no server.

use std::error::Error;
use std::fmt;

/// Why a server was not started.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotStarted {
    /// A command that it takes is not on this machine: a test may be skipped, or the command installed.
    Missing {
        /// The command.
        command: String,
    },
    /// The command is there, and something went wrong.
    Failed {
        /// What, and all that the server had to say.
        log: String,
    },
}

impl NotStarted {
    pub(crate) fn missing(command: &str) -> Self {
        NotStarted::Missing { command: command.to_owned() }
    }

    pub(crate) fn failed(what: impl fmt::Display) -> Self {
        NotStarted::Failed { log: what.to_string() }
    }

    /// True if somebody else had the address.
    pub(crate) fn address_was_taken(&self) -> bool {
        matches!(self, NotStarted::Failed { log } if log.contains("Address already in use"))
    }
}

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotStarted::Missing { command } => write!(f, "command {command} is missing"),
            NotStarted::Failed { log } => write!(f, "did not start: {log}"),
        }
    }
}

impl Error for NotStarted {}
