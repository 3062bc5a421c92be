//! What runs the application's futures.

use std::future::Future;

use webstack_core::Sessions;

/// Runs futures to their end, one after the other.
pub(crate) trait Drive {
    /// Runs a future to its end.
    fn drive<T>(&self, future: impl Future<Output = T>) -> T;

    /// Hands the sessions what they need to wait, unless they have it.
    fn equip(&self, sessions: Sessions) -> Sessions;

    /// Waits for what was left to run on.
    fn settle(&self);
}

/// The thread itself: no runtime.
#[derive(Debug)]
pub(crate) struct Thread;

impl Drive for Thread {
    fn drive<T>(&self, future: impl Future<Output = T>) -> T {
        webstack_core::runtime::block_on(future)
    }

    fn equip(&self, sessions: Sessions) -> Sessions {
        sessions
    }

    fn settle(&self) {}
}

#[cfg(feature = "tokio")]
pub(crate) use on_tokio::OnTokio;

#[cfg(feature = "tokio")]
mod on_tokio {
    use std::io;
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::Duration;

    use tokio::runtime::{Handle, Runtime};
    use tokio::task::JoinSet;
    use webstack_core::store::BoxFuture;

    use super::{Drive, Future, Sessions};

    /// A runtime of tokio's on this thread.
    #[derive(Debug)]
    pub(crate) struct OnTokio {
        runtime: Runtime,
        spawned: Arc<Mutex<JoinSet<()>>>,
    }

    impl OnTokio {
        pub(crate) fn start() -> io::Result<Self> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok(OnTokio { runtime, spawned: Arc::default() })
        }
    }

    impl Drive for OnTokio {
        fn drive<T>(&self, future: impl Future<Output = T>) -> T {
            self.runtime.block_on(future)
        }

        fn equip(&self, sessions: Sessions) -> Sessions {
            let (handle, spawned) = (self.runtime.handle().clone(), Arc::clone(&self.spawned));
            sessions.with_default_runtime(Tracked { handle, spawned })
        }

        fn settle(&self) {
            self.runtime.block_on(async {
                let mut spawned = std::mem::take(&mut *self.spawned.lock().unwrap_or_else(PoisonError::into_inner));
                while spawned.join_next().await.is_some() {}
            });
        }
    }

    /// tokio's timers and tasks, of which none is forgotten: the program ends soon.
    #[derive(Debug)]
    struct Tracked {
        handle: Handle,
        spawned: Arc<Mutex<JoinSet<()>>>,
    }

    impl webstack_core::runtime::Runtime for Tracked {
        fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
            Box::pin(async move { tokio::time::sleep(duration).await })
        }

        fn spawn(&self, future: BoxFuture<'static, ()>) {
            self.spawned.lock().unwrap_or_else(PoisonError::into_inner).spawn_on(future, &self.handle);
        }

        fn has_background(&self) -> bool {
            false
        }
    }
}
