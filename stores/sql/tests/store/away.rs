//! What is said of a server that is not there.

use std::time::Duration;

use webstack_core::runtime::block_on;
use webstack_store::{Store as _, StoreError};
use webstack_store_sql::SqlStore;
use webstack_test_servers::{MariaDb, Postgres, PostgresOptions, or_skip};

use crate::stage::{chain, id};

/// What a log has of it, which never shows a password.
fn said(url: &str) -> String {
    let store = SqlStore::builder(url).timeout(Duration::from_secs(1)).build().expect("a store");
    let Err(error @ StoreError::Unavailable(_)) = block_on(store.load(&id(1))) else { panic!("nobody is there") };
    let said = chain(&error);
    assert!(!said.contains("hunter2") && !format!("{error:?}").contains("hunter2"), "{said}");
    said
}

#[test]
fn a_server_that_is_down_is_named_with_what_came_of_asking() {
    if let Some(server) = or_skip(Postgres::start()) {
        server.kill();
        let said = said(&server.url().replace("postgres@", "postgres:hunter2@"));
        assert!(said.contains(&format!("PostgreSQL at postgres://127.0.0.1:{}/postgres", server.port())), "{said}");
        assert!(said.contains("Connection refused"), "{said}");
    }
    if let Some(server) = or_skip(MariaDb::start()) {
        server.kill();
        let said = said(&server.url().replace(":webstack@", ":hunter2@"));
        assert!(said.contains(&format!("mysql://127.0.0.1:{}/webstack", server.port())), "{said}");
        assert!(said.contains("Connection refused"), "{said}");
    }
}

#[test]
fn a_server_that_is_full_says_so_itself() {
    let options = PostgresOptions::new().with_setting("max_connections", "1");
    let options = options.with_setting("superuser_reserved_connections", "0");
    let Some(server) = or_skip(Postgres::start_with(options)) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _first =
        runtime.block_on(<sqlx::PgConnection as sqlx::Connection>::connect(&server.url())).expect("there is room");
    let said = said(&server.url());
    assert!(said.contains("too many clients"), "{said}");
}

#[test]
fn a_server_that_does_not_answer_is_named_without_a_guess() {
    let Some(server) = or_skip(Postgres::start()) else { return };
    server.pause();
    let said = said(&server.url());
    assert!(said.contains(&format!("no connection to postgres://127.0.0.1:{}/postgres", server.port())), "{said}");
    assert!(!said.contains("refused"), "{said}");
}
