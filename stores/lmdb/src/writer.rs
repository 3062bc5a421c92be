//! The thread that writes: what is waiting goes into one transaction.

use std::fmt;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use futures_channel::oneshot;
use heed::RwTxn;
use webstack_store::{StoreAnswer, StoreError};

use crate::environment::Environment;
use crate::fault::Fault;
use crate::job::Job;
use crate::tables::Tables;

/// How many writes may wait; more are told that the store is unavailable.
const QUEUE: usize = 4096;

/// How many writes go into one transaction.
const BATCH: usize = 256;

/// Begins with the first write, so a program that only reads has no thread.
#[derive(Default)]
pub(crate) struct Writer {
    running: Mutex<Option<Running>>,
}

struct Running {
    jobs: SyncSender<Box<dyn Job>>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// Has something written, and answers what came of it. Whether the answer is waited for makes no difference.
    pub(crate) fn write<'a, T: Send + 'static>(
        &'a self,
        environment: &'a Arc<Environment>,
        work: impl FnMut(&mut RwTxn<'_>, &Tables) -> Result<T, Fault> + Send + 'static,
    ) -> StoreAnswer<'a, T> {
        StoreAnswer::later(async move {
            let (reply, answer) = oneshot::channel();
            self.send(environment, Box::new(Task { work, answer: None, reply }))?;
            answer.await.map_err(|_| Fault::NoWriter)?
        })
    }

    fn send(&self, environment: &Arc<Environment>, job: Box<dyn Job>) -> Result<(), Fault> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let running = match &mut *running {
            Some(running) if !running.thread.is_finished() => running,
            slot => slot.insert(Running::start(Arc::clone(environment))?),
        };
        running.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Fault::Crowded,
            TrySendError::Disconnected(_) => Fault::NoWriter,
        })
    }

    /// Writes what is waiting, and ends the thread.
    pub(crate) fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { jobs, thread }) = running {
            drop(jobs);
            let _ = thread.join();
        }
    }
}

impl Running {
    fn start(environment: Arc<Environment>) -> Result<Self, Fault> {
        let (jobs, waiting) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("webstack-lmdb".to_owned())
            .spawn(move || write_all(&environment, &waiting))
            .map_err(|source| Fault::Io { doing: "start the thread that writes", source })?;
        Ok(Running { jobs, thread })
    }
}

fn write_all(environment: &Environment, waiting: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = waiting.recv() {
        let mut batch = vec![first];
        batch.extend(waiting.try_iter().take(BATCH - 1));
        match environment.write(&mut batch) {
            Ok(()) => batch.into_iter().for_each(|job| job.finish(Ok(()))),
            Err(fault) if batch.len() == 1 => {
                if let Some(job) = batch.pop() {
                    job.finish(Err(fault));
                }
            }
            // The gate is shut to all of them alike.
            Err(Fault::Held) => batch.into_iter().for_each(|job| job.finish(Err(Fault::Held))),
            // One of them is at fault; each has to answer for itself.
            Err(_) => {
                for job in batch {
                    let mut alone = [job];
                    let outcome = environment.write(&mut alone);
                    let [job] = alone;
                    job.finish(outcome);
                }
            }
        }
    }
}

struct Task<T, W> {
    work: W,
    answer: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, W: FnMut(&mut RwTxn<'_>, &Tables) -> Result<T, Fault> + Send> Job for Task<T, W> {
    fn attempt(&mut self, txn: &mut RwTxn<'_>, tables: &Tables) -> Result<(), Fault> {
        self.answer = Some((self.work)(txn, tables)?);
        Ok(())
    }

    fn finish(self: Box<Self>, outcome: Result<(), Fault>) {
        let Task { answer, reply, .. } = *self;
        let answer = outcome.and_then(|()| answer.ok_or(Fault::NoWriter));
        // Nobody may be waiting any more.
        let _ = reply.send(answer.map_err(StoreError::from));
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}
