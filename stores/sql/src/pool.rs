//! Pools of the application's.

use std::fmt;

use crate::SqlStore;
use crate::engine::Settings;
use crate::engine::{Engine, Source};

/// A pool of any of the databases that are compiled in; made from sqlx's `PgPool`, `MySqlPool` or `SqlitePool`.
#[derive(Clone)]
pub struct AnyPool(Pools);

#[derive(Clone)]
enum Pools {
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlPool),
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqlitePool),
}

impl AnyPool {
    pub(crate) fn into_store(self, settings: Settings) -> SqlStore {
        let shown = "a pool of the program's own".to_owned();
        match self.0 {
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => SqlStore::new(Engine::<sqlx::Postgres>::new(Source::Pool(pool), shown, settings)),
            #[cfg(feature = "mysql")]
            Pools::MySql(pool) => SqlStore::new(Engine::<sqlx::MySql>::new(Source::Pool(pool), shown, settings)),
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(pool) => SqlStore::new(Engine::<sqlx::Sqlite>::new(Source::Pool(pool), shown, settings)),
        }
    }
}

#[cfg(feature = "postgres")]
impl From<sqlx::PgPool> for AnyPool {
    fn from(pool: sqlx::PgPool) -> Self {
        AnyPool(Pools::Postgres(pool))
    }
}

#[cfg(feature = "mysql")]
impl From<sqlx::MySqlPool> for AnyPool {
    fn from(pool: sqlx::MySqlPool) -> Self {
        AnyPool(Pools::MySql(pool))
    }
}

#[cfg(feature = "sqlite")]
impl From<sqlx::SqlitePool> for AnyPool {
    fn from(pool: sqlx::SqlitePool) -> Self {
        AnyPool(Pools::Sqlite(pool))
    }
}

impl fmt::Debug for AnyPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyPool").finish_non_exhaustive()
    }
}
