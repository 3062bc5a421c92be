//! Sessions in PostgreSQL, MySQL, MariaDB or SQLite.

#![cfg_attr(
    not(all(feature = "postgres", feature = "mysql", feature = "sqlite")),
    allow(dead_code, unused_variables, unused_imports, unused_macros, reason = "not every database needs everything")
)]

mod address;
mod builder;
mod dialect;
mod engine;
mod fault;
#[cfg(feature = "sqlite")]
mod file;
mod host;
mod invalid_url;
mod migrate;
#[cfg(feature = "mysql")]
mod mysql;
mod namespace;
mod operations;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statement;
mod store;
mod trouble;
mod value;

pub use builder::{Setup, SqlStoreBuilder};
pub use invalid_url::InvalidUrl;
pub use pool::AnyPool;
pub use store::SqlStore;
