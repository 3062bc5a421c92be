//! Sessions in one memory-mapped file: the dbm of today, for any number of processes on one machine.
//!
//! ```
//! use webstack_store::{Created, Entry, Store};
//! use webstack_store_lmdb::LmdbStore;
//!
//! # webstack_core::runtime::block_on(async {
//! # let place = tempfile::tempdir()?;
//! # let directory = place.path().join("sessions");
//! let store = LmdbStore::builder(&directory).open()?;
//! let id = "00112233445566778899aabbccddeeff".parse()?;
//! let entry = Entry { bytes: "{}".into(), expires: None, owner: None };
//! assert!(matches!(store.create(&id, entry).await?, Created::New(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
//!
//! Applications name it by URL, `WEBSTACK_STORE=lmdb:/var/lib/shop/sessions`, with the feature `lmdb` of `webstack`.
//!
//! # Against a directory of files
//!
//! | | `file:` | `lmdb:` |
//! |---|---|---|
//! | a session is read by | three system calls | none |
//! | a purge looks at | every file | what it removes |
//! | what a power failure does | the last few writes may be missing | as [`Durability`] says; never a damaged file |
//! | what grows | the number of files | one file, which keeps its size when sessions end |
//! | looked at with | `ls`, `rm` | `webstack list`, `mdb_stat` |
//!
//! # How it works
//!
//! Readers take no lock and wait for nobody. Writes of a process go through one thread, which takes as many as are waiting
//! into one transaction, so a sync of the disk serves all of them. Before it begins one it takes a lock that ends with its
//! process (`gate`): a process that is killed holds up nobody, one that is stopped holds others up for a bounded time, after
//! which they are told that the store is busy.
//!
//! The file grows when it has to, and processes that have it open follow. A directory must not be removed or replaced while
//! it is used: writes are refused then, until the program is started again. Nor does LMDB work on both sides of a `fork`: a program
//! that forks without starting another one opens the store after that, in each process.
//!
//! # Security
//!
//! The directory is for its user alone, or for a named group, and is refused if others can write to it, or if it is on a
//! network file system, where a memory map and its locks are not safe.

#![cfg(unix)]

mod builder;
mod durability;
mod entry;
mod environment;
mod fault;
mod gate;
mod job;
mod opened;
mod owners;
mod purge;
mod store;
mod tables;
mod writer;

pub use builder::{LmdbStoreBuilder, OpenError};
pub use durability::Durability;
pub use store::LmdbStore;
