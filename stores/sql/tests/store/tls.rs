//! Servers that demand TLS, with an authority of the test's own.

use std::path::PathBuf;

use webstack_core::runtime::block_on;
use webstack_store::{Store as _, StoreError};
use webstack_store_sql::SqlStore;
use webstack_test_servers::{MariaDb, MariaDbOptions, Postgres, PostgresOptions, or_skip};

use crate::stage::{chain, id};

/// A server that lets nobody in without TLS, and how its URLs speak of that.
struct Encrypted {
    url: String,
    authority: Option<PathBuf>,
    verify: &'static str,
    trust: &'static str,
    _server: Box<dyn std::any::Any>,
}

fn postgres() -> Option<Encrypted> {
    // A second address, of which the certificate says nothing.
    let options = PostgresOptions::new().with_tls().with_setting("listen_addresses", "127.0.0.1,127.0.0.2");
    let server = or_skip(Postgres::start_with(options))?;
    let (url, authority) = (server.url(), server.certificate_authority());
    Some(Encrypted { url, authority, verify: "sslmode=verify-full", trust: "sslrootcert", _server: Box::new(server) })
}

fn mariadb() -> Option<Encrypted> {
    let options = MariaDbOptions::new().with_tls().with_setting("bind-address", "127.0.0.1,127.0.0.2");
    let server = or_skip(MariaDb::start_with(options))?;
    let (url, authority) = (server.url(), server.certificate_authority());
    Some(Encrypted { url, authority, verify: "ssl-mode=VERIFY_IDENTITY", trust: "ssl-ca", _server: Box::new(server) })
}

fn servers() -> impl Iterator<Item = Encrypted> {
    [postgres, mariadb].into_iter().filter_map(|start| start())
}

/// What somebody has to mend, as a log has it.
fn refused(url: &str) -> String {
    let store = SqlStore::builder(url).build().expect("the URL is right");
    match block_on(store.load(&id(1))) {
        Err(error @ StoreError::Broken(_)) => chain(&error),
        other => panic!("{other:?}"),
    }
}

#[cfg(feature = "tls")]
mod compiled_in {
    use webstack_store::{Created, Removed, Updated};

    use super::*;
    use crate::stage::entry;

    impl Encrypted {
        /// The URL of somebody who trusts this authority.
        fn trusting(&self, authority: Option<&PathBuf>) -> String {
            let Encrypted { url, verify, trust, .. } = self;
            let authority = authority.expect("one of its own").display();
            format!("{url}?{verify}&{trust}={authority}")
        }
    }

    #[test]
    fn a_server_with_a_trusted_certificate_is_used() {
        for server in servers() {
            let store = SqlStore::builder(server.trusting(server.authority.as_ref())).build().expect("a store");
            let Ok(Created::New(version)) = block_on(store.create(&id(1), entry("text"))) else { panic!("it is new") };
            assert!(matches!(block_on(store.update(&id(1), version, entry("new"))), Ok(Updated::Applied(_))));
            assert_eq!(block_on(store.load(&id(1))).expect("an answer").expect("it is there").entry, entry("new"));
            assert!(matches!(block_on(store.remove(&id(1))), Ok(Removed::Removed)));
        }
    }

    #[test]
    fn a_certificate_that_nobody_vouches_for_is_refused_with_the_mend() {
        let servers: Vec<_> = servers().collect();
        for server in &servers {
            let unknown = refused(&format!("{}?{}", server.url, server.verify));
            assert!(unknown.contains("UnknownIssuer") && unknown.contains(server.trust), "{unknown}");
        }
        if let [one, other] = &servers[..] {
            for (server, stranger) in [(one, other), (other, one)] {
                let unknown = refused(&server.trusting(stranger.authority.as_ref()));
                assert!(unknown.contains(server.trust), "{unknown}");
            }
        }
    }

    #[test]
    fn a_certificate_for_another_host_is_refused_with_the_names_it_is_for() {
        for server in servers() {
            let elsewhere = server.trusting(server.authority.as_ref()).replace("@127.0.0.1:", "@127.0.0.2:");
            let other = refused(&elsewhere);
            assert!(other.contains("127.0.0.2") && other.contains("localhost"), "{other}");
            // The name is all that is wrong with it.
            let anywhere = elsewhere.replace("verify-full", "verify-ca").replace("VERIFY_IDENTITY", "VERIFY_CA");
            let store = SqlStore::builder(anywhere).build().expect("a store");
            assert!(block_on(store.load(&id(1))).expect("an answer").is_none());
        }
    }

    #[test]
    fn a_server_without_tls_is_refused_where_tls_is_demanded() {
        let plain = [
            or_skip(Postgres::start()).map(|server| {
                (format!("{}?sslmode=require", server.url()), Box::new(server) as Box<dyn std::any::Any>)
            }),
            or_skip(MariaDb::start())
                .map(|server| (format!("{}?ssl-mode=REQUIRED", server.url()), Box::new(server) as _)),
        ];
        for (url, _server) in plain.into_iter().flatten() {
            let refused = refused(&url);
            assert!(refused.contains("does not support TLS"), "{refused}");
        }
    }

    #[test]
    fn an_authority_that_is_no_file_is_refused_before_anybody_is_asked() {
        for url in ["postgres://host/db?sslrootcert=/no/file.pem", "mysql://host/db?ssl-ca=/no/file.pem"] {
            let error = SqlStore::builder(url).build().expect_err("there is no such file").to_string();
            assert!(error.contains("no file"), "{error}");
        }
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn a_server_that_demands_what_is_not_compiled_in_is_broken_and_says_so() {
    for server in servers() {
        let refused = refused(&server.url);
        assert!(refused.contains("feature `tls`"), "{refused}");
        for option in
            [server.verify, &format!("{}={}", server.trust, server.authority.as_ref().expect("one").display())]
        {
            let error = SqlStore::builder(format!("{}?{option}", server.url)).build().expect_err("it cannot");
            assert!(error.to_string().contains("feature `tls`"), "{error}");
        }
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn mysql_that_takes_passwords_through_tls_only_is_broken_and_says_so() {
    let Some(server) = webstack_test_servers::where_there(webstack_test_servers::MySql::start()) else { return };
    // It remembers a password that it has seen, and then takes it without TLS.
    let _ = server.query("FLUSH PRIVILEGES").expect("it forgets");
    let refused = refused(&server.url());
    assert!(refused.contains("TLS"), "{refused}");
}
