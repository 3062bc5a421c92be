//! What every environment does the same, tested over real sockets against a running program.
//!
//! The program is the demo application in the environment under test: its routes and the promises are the contract
//! of `docs/write-an-adapter.md`. Whoever writes an adapter serves `webstack-demo-app`, or the same routes in another
//! way, and says how to start it:
//!
//! ```no_run
//! use webstack_testkit::environment::{PanicIs, Program};
//! use webstack_testkit::environment_suite;
//!
//! environment_suite!(my_server, Program::new("target/debug/demo-my-server").panics(PanicIs::Closed).multi_process());
//! # fn main() {}
//! ```
//!
//! Each case is a test of its own with a server and a directory of its own, so the tests may run in parallel. Behind the
//! macro are ordinary functions, in [`cases`]. A case that an environment cannot run, for lack of a
//! [capability](Capabilities), says so aloud.
//!
//! Nothing here sleeps to let requests overlap: routes of the demo application wait inside the server.

mod answer;
mod browser;
pub mod cases;
mod keeping;
#[doc(hidden)]
pub mod matrix;
mod program;
mod server;
mod site;
mod suite;

pub use answer::{Answer, SetCookie};
pub use browser::Browser;
pub use keeping::{Keeping, OverStore};
pub use program::Program;
pub use server::{NotStarted, Server, Settings, Signal, Stopped};
pub use site::Site;

/// An environment: how a server is started in it, and what it can do.
pub trait EnvironmentUnderTest {
    /// What it can do. A case that needs more is skipped.
    fn capabilities(&self) -> Capabilities;

    /// Starts a server with these settings and no other `WEBSTACK_…` variable, and returns when it accepts connections.
    ///
    /// # Errors
    ///
    /// If the server ends before it accepts any, as it does when the settings are wrong.
    fn start(&self, settings: &Settings) -> Result<Server, NotStarted>;

    /// Where the sessions of a new site are to be: in a directory, unless an [`OverStore`] says otherwise.
    fn keeping(&self) -> Keeping {
        Keeping::Files
    }
}

/// What a client sees of a handler that panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PanicIs {
    /// The connection is closed without an answer.
    Closed,
    /// The answer is a 500.
    Status500,
}

/// What becomes of a handler whose client leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeavingIs {
    /// It runs to its end as if the client were there.
    Ignored,
    /// It is cancelled.
    Cancellation,
}

/// What an environment can do.
///
/// ```
/// use webstack_testkit::environment::{Capabilities, PanicIs};
///
/// let capabilities = Capabilities::new(PanicIs::Closed).with_several_processes();
/// assert!(capabilities.several_processes());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    panics: PanicIs,
    leaving: LeavingIs,
    several_processes: bool,
    stays: bool,
    bytes_in_headers: bool,
    resolves_dots: bool,
}

impl Capabilities {
    /// A server that stays between requests, one process at a time, and answers whether or not the client is still there.
    pub const fn new(panics: PanicIs) -> Self {
        Capabilities {
            panics,
            leaving: LeavingIs::Ignored,
            several_processes: false,
            stays: true,
            bytes_in_headers: true,
            resolves_dots: false,
        }
    }

    /// Says what becomes of a handler whose client leaves.
    #[must_use]
    pub const fn with_leaving(self, leaving: LeavingIs) -> Self {
        Capabilities { leaving, ..self }
    }

    /// Several servers may run over one store.
    #[must_use]
    pub const fn with_several_processes(self) -> Self {
        Capabilities { several_processes: true, ..self }
    }

    /// The program is started afresh for each request, as CGI scripts are: what a server does when it starts or is told
    /// to stop does not apply.
    #[must_use]
    pub const fn started_per_request(self) -> Self {
        Capabilities { stays: false, ..self }
    }

    /// The server drops a header line that is not UTF-8 before anybody sees it, with all cookies in it.
    #[must_use]
    pub const fn with_headers_as_text(self) -> Self {
        Capabilities { bytes_in_headers: false, ..self }
    }

    /// A server in front of the program resolves `.` and `..` in paths, encoded ones too, before the program sees them.
    #[must_use]
    pub const fn with_dots_resolved(self) -> Self {
        Capabilities { resolves_dots: true, ..self }
    }

    /// What a client sees of a handler that panics.
    pub const fn panics(&self) -> PanicIs {
        self.panics
    }

    /// What becomes of a handler whose client leaves.
    pub const fn leaving(&self) -> LeavingIs {
        self.leaving
    }

    /// True if several servers may run over one store.
    pub const fn several_processes(&self) -> bool {
        self.several_processes
    }

    /// True if a header line that is not UTF-8 comes through.
    pub const fn bytes_in_headers(&self) -> bool {
        self.bytes_in_headers
    }

    /// True if no path with a segment `..` reaches the program as it was sent.
    pub const fn resolves_dots(&self) -> bool {
        self.resolves_dots
    }

    /// True if the program stays between requests.
    pub const fn stays(&self) -> bool {
        self.stays
    }
}
