//! URLs that are refused, and what is never shown of one.

use std::time::Duration;

use webstack_store_sql::SqlStore;

use crate::places;
use crate::stage::create;

fn refused(url: &str) -> String {
    let error = SqlStore::builder(url).build().expect_err("it is wrong").to_string();
    assert!(!error.contains('\n'), "{error}");
    assert!(!error.contains("hunter2") && !error.contains("alice"), "{error}");
    error
}

#[test]
fn what_is_wrong_is_said_with_what_would_be_right() {
    for (url, said) in [
        ("", "no scheme"),
        ("/var/lib/sessions.db", "no scheme"),
        ("oracle://alice:hunter2@host/db", "`oracle:` names no database"),
        ("sqlite:sessions.db", "use `sqlite:/absolute/file`"),
        ("sqlite::memory:", "use `sqlite:/absolute/file`"),
        ("sqlite://host/sessions.db", "use `sqlite:/absolute/file`"),
        ("sqlite:/var/lib/sessions/", "use `sqlite:/absolute/file`"),
        ("sqlite:/var/lib/sessions.db?mode=hunter2", "`mode` is not an option"),
        ("postgres://alice:hunter#2@host/db", "`%23`"),
        ("postgres://alice:hunter2@host:port/db", "cannot be read"),
        ("postgres://alice:hunter2@host/db?sslmode=hunter2", "cannot be read"),
        ("postgres://alice@host/db?pasword=hunter2", "`pasword` is not an option"),
        ("postgres://alice:hunter2@host/db?namespace=Shop;", "use up to 40 of a-z"),
        ("postgres://alice:hunter2@host/db?namespace=a&namespace=b", "`namespace` is said twice"),
        ("postgres://alice@host/db?sslmode=require&sslmode=disable", "`sslmode` is said twice"),
        ("mysql://alice@host/db?ssl-mode=VERIFY_CA&ssl-mode=DISABLED", "`ssl-mode` is said twice"),
        ("sqlite:/x/y?setup=sometimes", "use `setup=automatic` or `setup=by-hand`"),
        ("sqlite:/x/y?setup=by-hand&setup=automatic", "`setup` is said twice"),
        ("mysql://alice:hunter2@host", "names no database"),
        ("mysql://alice:hunter2@host/db\n", "control character"),
        ("postgres://alice@host/db?pasword=hunter2", "`setup`"),
    ] {
        let error = refused(url);
        assert!(error.contains(said), "{url}: {error}");
    }
    let error = SqlStore::builder("sqlite:/x/y").namespace("sessions; drop").build().expect_err("no name").to_string();
    assert!(error.contains("a-z"), "{error}");
}

#[test]
fn a_time_limit_that_is_none_is_a_long_one() {
    let place = tempfile::tempdir().expect("a directory");
    for url in [places::postgres(), places::mariadb(), Some(places::sqlite(place.path()))].iter().flatten() {
        let store =
            SqlStore::builder(url).namespace(places::namespace()).timeout(Duration::MAX).build().expect("a store");
        create(&store, 1, "text");
    }
}

/// Such a URL can be read otherwise: as a host with a path or options that hold the rest of the password.
#[test]
fn a_password_that_is_not_encoded_is_no_part_of_anything_else() {
    for url in [
        "postgres://db:/hunter2@host/db",
        "postgres://db:12/hunter2@host/db",
        "postgres://db:12?hunter2@host/db",
        "postgres://db:12?hunter2&word@host/db",
        "mysql://db:/hunter2@host/db",
        "mysql://db:12?hunter2@host/db",
    ] {
        let error = refused(url);
        assert!(error.contains("%40"), "{url}: {error}");
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_that_is_not_compiled_in_is_refused_and_not_left_out() {
    for url in ["postgres://alice@host/db?sslmode=require", "mysql://alice@host/db?ssl-mode=VERIFY_CA"] {
        assert!(refused(url).contains("feature `tls`"), "{url}");
    }
}

#[test]
fn nothing_shows_a_password() {
    for url in [
        "postgres://alice:hunter2@host:1234/db?password=hunter2&application_name=hunter2",
        "mariadb://alice:hunter2@host/db?namespace=shop",
    ] {
        let builder = SqlStore::builder(url);
        let store = builder.clone().build().expect("it is right");
        let shown = format!("{builder:?} {store:?} {store:#?}");
        assert!(!shown.contains("hunter2") && !shown.contains("alice"), "{shown}");
        assert!(shown.contains("host"), "{shown}");
    }
}
