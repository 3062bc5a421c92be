//! The memory-mapped file: transactions, and how it grows.
//!
//! This is the one place that calls what LMDB's binding marks as unsafe.

use std::fmt;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use heed::{Env, EnvFlags, EnvOpenOptions, MdbError, RoTxn, WithoutTls};
use webstack_store::directory::Access;

use crate::durability::Durability;
use crate::fault::Fault;
use crate::gate::Gate;
use crate::job::Job;
use crate::tables::{COUNT, Tables};

/// How many transactions may read at the same moment, in all processes together.
const READERS: u32 = 1024;

pub(crate) struct Environment {
    env: Env<WithoutTls>,
    tables: Tables,
    gate: Gate,
    /// Held for reading by every transaction, and for writing while the map changes its size.
    map: RwLock<()>,
    limit: usize,
}

pub(crate) struct Sizes {
    pub(crate) first: usize,
    pub(crate) limit: usize,
}

impl Environment {
    pub(crate) fn open(
        directory: &OwnedFd,
        path: &Path,
        access: &Access,
        sizes: &Sizes,
        durability: Durability,
    ) -> Result<Self, Fault> {
        let gate = Gate::open(directory, path, access)?;
        let mut options = EnvOpenOptions::new().read_txn_without_tls();
        options.map_size(sizes.first).max_readers(READERS).max_dbs(COUNT);
        let flags = match durability {
            Durability::Synced => EnvFlags::empty(),
            Durability::Consistent => EnvFlags::NO_META_SYNC,
            Durability::InsecureUnsynced => EnvFlags::NO_SYNC,
        };
        // Only the first opening writes, but which one that is, is known behind the gate alone.
        let inside = gate.enter()?;
        // SAFETY: the file is in a directory that only this user or this group can write to, on a local file system; all who
        // open it go through this function, once in each process (`opened.rs`), and keep LMDB's locks. What the flags give
        // up in a power failure is said at `Durability`.
        #[allow(unsafe_code, reason = "LMDB maps a file into memory")]
        let env = unsafe {
            options.flags(flags);
            options.open(path)?
        };
        env.clear_stale_readers()?;
        let tables = match Tables::open(&env)? {
            Some(tables) => tables,
            None => Tables::create(&env)?,
        };
        drop(inside);
        Ok(Environment { env, tables, gate, map: RwLock::default(), limit: sizes.limit })
    }

    /// Reads at one moment, without waiting for anybody.
    pub(crate) fn read<T>(
        &self,
        reading: impl Fn(&RoTxn<'_, WithoutTls>, &Tables) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut cleared = false;
        loop {
            let failed = {
                let _map = self.map.read().unwrap_or_else(PoisonError::into_inner);
                match self.env.read_txn() {
                    Ok(txn) => return reading(&txn, &self.tables),
                    Err(error) => Fault::from(error),
                }
            };
            if failed.is(MdbError::MapResized) {
                self.follow_growth()?;
            } else if failed.is(MdbError::ReadersFull) && !cleared {
                cleared = true;
                self.env.clear_stale_readers()?;
            } else {
                return Err(failed);
            }
        }
    }

    /// Does all jobs in one transaction, or none of them.
    pub(crate) fn write(&self, jobs: &mut [Box<dyn Job>]) -> Result<(), Fault> {
        let _inside = self.gate.enter()?;
        loop {
            match self.transact(jobs) {
                Err(fault) if fault.is(MdbError::MapFull) => self.grow()?,
                Err(fault) if fault.is(MdbError::MapResized) => self.follow_growth()?,
                done => return done,
            }
        }
    }

    fn transact(&self, jobs: &mut [Box<dyn Job>]) -> Result<(), Fault> {
        let _map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        let mut txn = self.env.write_txn()?;
        for job in jobs {
            job.attempt(&mut txn, &self.tables)?;
        }
        Ok(txn.commit()?)
    }

    /// Clears away readers that were killed: what they may have been reading is kept until then.
    pub(crate) fn clear_stale_readers(&self) -> Result<(), Fault> {
        self.env.clear_stale_readers()?;
        Ok(())
    }

    /// Doubles the map, within the limit.
    fn grow(&self) -> Result<(), Fault> {
        self.env.clear_stale_readers()?;
        let size = self.env.info().map_size;
        if size >= self.limit {
            return Err(Fault::Full(self.limit));
        }
        let larger = size.saturating_mul(2).min(self.limit);
        tracing::info!(bytes = larger, "the session store's map grows");
        self.resize(larger)
    }

    /// Takes over the size that another process gave the map.
    fn follow_growth(&self) -> Result<(), Fault> {
        self.resize(0)
    }

    fn resize(&self, bytes: usize) -> Result<(), Fault> {
        let _map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: every transaction of this process holds the lock that was just taken, so none is under way.
        #[allow(unsafe_code, reason = "LMDB does not look itself whether a transaction is under way")]
        unsafe {
            self.env.resize(bytes)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("path", &self.env.path()).finish_non_exhaustive()
    }
}
