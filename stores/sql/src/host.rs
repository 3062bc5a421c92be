//! Where operations run to their end, whoever loses interest in them.

use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use crate::fault::Fault;

/// A connection belongs to the runtime in which it was opened, and is dead or deaf when that one has ended or stands still. So
/// connections of our own have a runtime of their own, which lives as long as the store; callers need none.
pub(crate) enum Host {
    /// Ours, started with the first operation.
    Own(Mutex<Option<Runtime>>),
    /// The runtime that the caller is in: a pool of the application's belongs there.
    Callers,
}

/// Threads that send, wait and read. They never compute for long.
const THREADS: usize = 2;

impl Host {
    pub(crate) fn own() -> Self {
        Host::Own(Mutex::new(None))
    }

    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<JoinHandle<T>, Fault> {
        match self {
            Host::Callers => Ok(Handle::try_current().map_err(|_| Fault::NoRuntime)?.spawn(future)),
            Host::Own(runtime) => {
                let mut runtime = runtime.lock().unwrap_or_else(PoisonError::into_inner);
                let runtime = match &mut *runtime {
                    Some(runtime) => runtime,
                    none => none.insert(start().map_err(Fault::NoThread)?),
                };
                Ok(runtime.spawn(future))
            }
        }
    }
}

fn start() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(THREADS).thread_name("webstack-sql").enable_all().build()
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Host::Own(runtime) = self
            && let Some(runtime) = runtime.get_mut().unwrap_or_else(PoisonError::into_inner).take()
        {
            // It may be dropped inside another runtime, which must not wait.
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Host::Own(_) => "Own",
            Host::Callers => "Callers",
        })
    }
}
