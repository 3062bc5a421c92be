//! Where the sessions of a site are, and how its cases look at them.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use webstack_core::store::{Entry, Listed, Updated};

use super::site::files;
use super::{Capabilities, EnvironmentUnderTest, NotStarted, Server, Settings};
use crate::StoreUnderTest;

/// Where the sessions of a site are.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one for each site")]
pub enum Keeping {
    /// In a directory that the site makes.
    Files,
    /// In the store that this URL names, which is empty and for this site alone; the handle is for a look at it.
    Elsewhere {
        /// The value of `WEBSTACK_STORE`.
        url: String,
        /// The same store.
        store: StoreUnderTest,
    },
}

/// An environment whose servers keep their sessions in another store than a directory.
///
/// The cases that take the session directory away are skipped.
pub struct OverStore<E> {
    environment: E,
    keep: Box<dyn Fn() -> Keeping + Send + Sync>,
}

impl<E: EnvironmentUnderTest> OverStore<E> {
    /// This environment over what the function makes: a store of its own for each site.
    pub fn new(environment: E, keep: impl Fn() -> Keeping + Send + Sync + 'static) -> Self {
        OverStore { environment, keep: Box::new(keep) }
    }
}

impl<E: EnvironmentUnderTest> EnvironmentUnderTest for OverStore<E> {
    fn capabilities(&self) -> Capabilities {
        self.environment.capabilities()
    }

    fn start(&self, settings: &Settings) -> Result<Server, NotStarted> {
        self.environment.start(settings)
    }

    fn keeping(&self) -> Keeping {
        (self.keep)()
    }
}

impl<E: fmt::Debug> fmt::Debug for OverStore<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverStore").field("environment", &self.environment).finish_non_exhaustive()
    }
}

/// More than any case stores.
const ALL: usize = 100_000;

impl Keeping {
    /// How many sessions there are.
    pub(super) fn records(&self, directory: &Path) -> usize {
        match self {
            Keeping::Files => record_files(directory).len(),
            Keeping::Elsewhere { store, .. } => listed(store).len(),
        }
    }

    /// Replaces every record by something that is none.
    pub(super) fn spoil(&self, directory: &Path) {
        match self {
            Keeping::Files => {
                for record in record_files(directory) {
                    fs::write(record, "garbage").expect("it is there");
                }
            }
            Keeping::Elsewhere { store, .. } => {
                for Listed { id, stored } in listed(store) {
                    let garbage = Entry { bytes: Bytes::from_static(b"garbage"), ..stored.entry };
                    let spoiled = store.block_on(store.store().update(&id, stored.version, garbage));
                    assert!(matches!(spoiled, Ok(Updated::Applied(_))), "{spoiled:?}");
                }
            }
        }
    }

    /// Everything that is stored: where, and what.
    pub(super) fn dump(&self, scratch: &Path) -> Vec<(String, Vec<u8>)> {
        let mut dump: Vec<_> = files(scratch)
            .into_iter()
            .map(|path| (path.display().to_string(), fs::read(&path).unwrap_or_default()))
            .collect();
        if let Keeping::Elsewhere { store, .. } = self {
            dump.extend(listed(store).into_iter().map(|Listed { id, stored }| {
                let owner = stored.entry.owner.map(|owner| owner.to_string()).unwrap_or_default();
                (id.to_string(), [&stored.entry.bytes[..], owner.as_bytes()].concat())
            }));
        }
        dump
    }
}

fn listed(store: &StoreUnderTest) -> Vec<Listed> {
    store.block_on(store.store().list(None, ALL)).expect("the store can be listed")
}

/// The files that hold a session each: `<two hex>/<id>`, the id beginning with the same two digits.
fn record_files(directory: &Path) -> Vec<PathBuf> {
    let is_record = |path: &PathBuf| {
        let place = path.strip_prefix(directory).map(|place| place.to_string_lossy().into_owned()).unwrap_or_default();
        let Some((shard, id)) = place.split_once('/') else { return false };
        shard.len() == 2 && id.len() == 32 && id.starts_with(shard) && id.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let mut found = files(directory);
    found.retain(is_record);
    found
}
