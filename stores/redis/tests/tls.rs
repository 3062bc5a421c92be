//! TLS, with an authority of the test's own.
#![cfg(feature = "tls")]

mod support;

use webstack_store::{Created, Store as _, StoreError};
use webstack_test_servers::{Redis, RedisOptions, or_skip};

use support::{block_on, builder, entry, id};

/// The program runs itself again, because whom a program trusts is in its environment.
const TRUSTING: &str = "WEBSTACK_TEST_TRUSTING";

#[test]
fn only_servers_with_a_trusted_certificate_are_told_anything() {
    if let Ok(url) = std::env::var(TRUSTING) {
        let store = builder(&url).build().expect("a store");
        assert!(matches!(block_on(store.create(&id(1), entry("", None, None))), Ok(Created::New(_))));
        assert!(matches!(block_on(store.load(&id(1))), Ok(Some(_))));
        return;
    }
    let Some(server) = or_skip(Redis::start_with(RedisOptions::new().with_tls())) else { return };
    let strange = builder(&server.url()).build().expect("a store");
    let refused = block_on(strange.load(&id(1)));
    assert!(matches!(refused, Err(StoreError::Broken(_))), "somebody has to look after it: {refused:?}");

    let this = std::env::current_exe().expect("this program");
    let mut again = std::process::Command::new(this);
    again.env(TRUSTING, server.url());
    again.env("SSL_CERT_FILE", server.certificate_authority().expect("one of its own"));
    let output = again.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
