//! What stores can and cannot do.

#[cfg(doc)]
use crate::Clock;

/// What a store can and cannot do, so that an unsuitable one is refused at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Several processes may use it at the same time.
    pub multi_process: bool,
    /// Sessions survive the end of the process.
    pub persistent: bool,
    /// It needs the timers and sockets of an asynchronous runtime.
    pub needs_runtime: bool,
    /// It asks a [`Clock`] that can be held, rather than a server's.
    pub own_clock: bool,
}

impl Capabilities {
    /// Nothing: one process, forgotten at its end, no runtime needed, time told by a server.
    pub const fn new() -> Self {
        Capabilities { multi_process: false, persistent: false, needs_runtime: false, own_clock: false }
    }

    /// Says whether several processes may use the store at the same time.
    #[must_use]
    pub const fn with_multi_process(self, multi_process: bool) -> Self {
        Capabilities { multi_process, ..self }
    }

    /// Says whether sessions survive the end of the process.
    #[must_use]
    pub const fn with_persistent(self, persistent: bool) -> Self {
        Capabilities { persistent, ..self }
    }

    /// Says whether an asynchronous runtime is needed.
    #[must_use]
    pub const fn with_needs_runtime(self, needs_runtime: bool) -> Self {
        Capabilities { needs_runtime, ..self }
    }

    /// Says whether the store asks a [`Clock`] that can be held.
    #[must_use]
    pub const fn with_own_clock(self, own_clock: bool) -> Self {
        Capabilities { own_clock, ..self }
    }
}

impl Default for Capabilities {
    fn default() -> Self {
        Capabilities::new()
    }
}
