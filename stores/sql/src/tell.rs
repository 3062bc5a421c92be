//! Which databases tell of changes.

use std::sync::{Arc, Weak};

use webstack_store::{BoxFuture, Changes};

use crate::dialect::Dialect;
use crate::engine::Engine;

/// A database, and how it tells of changes.
pub(crate) trait Tell: Dialect {
    /// Tells until nobody listens; `None`: it has no way to.
    fn tell(_: &Arc<Engine<Self>>, _: Weak<dyn Changes>) -> Option<BoxFuture<'static, ()>> {
        None
    }
}

#[cfg(feature = "postgres")]
impl Tell for sqlx::Postgres {
    fn tell(engine: &Arc<Engine<Self>>, changes: Weak<dyn Changes>) -> Option<BoxFuture<'static, ()>> {
        Some(crate::watch::watch(engine, changes))
    }
}

#[cfg(feature = "mysql")]
impl Tell for sqlx::MySql {}

#[cfg(feature = "sqlite")]
impl Tell for sqlx::Sqlite {}
