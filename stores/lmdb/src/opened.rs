//! One environment for each directory in a process, however often it is opened: LMDB wants it so.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use heed::RwTxn;
use webstack_store::StoreAnswer;

use crate::environment::Environment;
use crate::fault::Fault;
use crate::tables::Tables;
use crate::writer::Writer;

static OPEN: Mutex<Option<HashMap<PathBuf, Arc<Shared>>>> = Mutex::new(None);

#[derive(Debug)]
struct Shared {
    environment: Arc<Environment>,
    writer: Writer,
}

/// A share in an open environment; the last one closes it.
#[derive(Debug)]
pub(crate) struct Opened {
    shared: Option<Arc<Shared>>,
    path: PathBuf,
}

impl Opened {
    /// The environment in this directory, opened as said if it is not open yet.
    pub(crate) fn new(path: &Path, open: impl FnOnce(&Path) -> Result<Environment, Fault>) -> Result<Self, Fault> {
        let path = path.canonicalize().map_err(|source| Fault::Io { doing: "find the directory", source })?;
        let mut all = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let all = all.get_or_insert_default();
        let shared = match all.get(&path) {
            Some(shared) => Arc::clone(shared),
            None => {
                let shared = Arc::new(Shared { environment: Arc::new(open(&path)?), writer: Writer::default() });
                all.insert(path.clone(), Arc::clone(&shared));
                shared
            }
        };
        Ok(Opened { shared: Some(shared), path })
    }

    fn shared(&self) -> &Shared {
        self.shared.as_deref().expect("it is taken out by `drop` alone")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.shared().environment
    }

    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut RwTxn<'_>, &Tables) -> Result<T, Fault> + Send + 'static,
    ) -> StoreAnswer<'_, T> {
        let shared = self.shared();
        shared.writer.write(&shared.environment, work)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // Nobody else opens it meanwhile, so the count cannot rise again behind our back.
        let mut all = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(shared) = self.shared.take() else { return };
        const OURS_AND_THE_MAP_S: usize = 2;
        if Arc::strong_count(&shared) == OURS_AND_THE_MAP_S {
            shared.writer.stop();
            if let Some(all) = &mut *all {
                all.remove(&self.path);
            }
        }
    }
}
