//! What goes on beside requests: purging, and hearing of changes.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use crate::Sessions;
use crate::engine::Engine;

impl Sessions {
    /// Begins to purge, as often as configured, and to listen to changes if there is a [cache](crate::Builder::cache); once,
    /// however often it is called, until the runtime that it was called in ends. Adapters do. Without a runtime that has a
    /// background nothing happens: call [`purge`](Sessions::purge).
    ///
    /// What was begun ends when all clones of these sessions are gone; purging also by [`shutdown`](Sessions::shutdown).
    #[inline]
    pub fn start_background(&self) {
        if self.engine.purging.is_to_begin() {
            self.start_purging();
        }
        if self.engine.premises.is_to_listen() {
            self.start_listening();
        }
    }

    fn start_listening(&self) {
        let premises = &self.engine.premises;
        let Some(listen) = &premises.listen else { return };
        let runtime = self.engine.runtime();
        if !runtime.has_background() || premises.listening.swap(true, Ordering::Relaxed) {
            return;
        }
        let listening = Listening(Arc::downgrade(&self.engine));
        let changes = listen();
        runtime.spawn(Box::pin(async move {
            let _listening = listening;
            changes.await;
        }));
    }
}

/// The background task; dropped with its runtime, it makes room for another one.
struct Listening(Weak<Engine>);

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(engine) = self.0.upgrade() {
            engine.premises.listening.store(false, Ordering::Relaxed);
        }
    }
}
