//! TLS, with an authority of the test's own: whose answers are taken, and that changes are told of through it.
#![cfg(feature = "tls")]

mod support;

use std::path::PathBuf;
use std::process::Command;

use webstack_store::{Created, Store as _, StoreError};
use webstack_test_servers::{Redis, RedisCluster, RedisOptions, or_skip};
use webstack_testkit::News;

use support::heard::Watching;
use support::{block_on, builder, entry, id};

/// The program runs itself again for each server, because whom a program trusts is in its environment.
const TRUSTING: &str = "WEBSTACK_TEST_TRUSTING";

/// Not a test by itself: a program that trusts the authority of the server that it uses.
#[test]
fn trusting() {
    let Ok(url) = std::env::var(TRUSTING) else { return };
    let [listening, writing] = [(); 2].map(|()| builder(&url).namespace("shared").build().expect("a store"));
    assert!(block_on(writing.load(&id(0))).expect("it is trusted").is_none());
    let watching = Watching::of(&listening);
    watching.heard.wait_for(News::Begun);
    // All over a cluster.
    for number in 0..30 {
        assert!(matches!(block_on(writing.create(&id(number), entry("", None, None))), Ok(Created::New(_))));
        assert!(matches!(block_on(writing.load(&id(number))), Ok(Some(_))));
    }
    watching.heard.catch_up();
    for number in 0..30 {
        assert_eq!(watching.heard.count(News::Changed(id(number))), 1, "{number}");
    }
}

/// What the program that trusts this authority makes of a server.
fn trusted(url: &str, authority: Option<PathBuf>) -> Result<(), String> {
    let mut again = Command::new(std::env::current_exe().expect("this program"));
    again.args(["--exact", "trusting"]).env(TRUSTING, url);
    again.env("SSL_CERT_FILE", authority.expect("one of its own"));
    let output = again.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() && said.contains("1 passed") { Ok(()) } else { Err(said) }
}

/// What somebody has to look after, as a log has it.
fn refused(url: &str) -> String {
    let strange = builder(url).build().expect("a store");
    match block_on(strange.load(&id(1))) {
        Err(StoreError::Broken(cause)) => {
            let causes = std::iter::successors(Some(&*cause as &dyn std::error::Error), |error| error.source());
            causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_is_used_and_heard_if_its_certificate_is_trusted() {
    let Some(server) = or_skip(Redis::start_with(RedisOptions::new().with_tls())) else { return };
    let said = refused(&server.url());
    assert!(said.contains("UnknownIssuer") && said.contains("SSL_CERT_FILE"), "{said}");
    trusted(&server.url(), server.certificate_authority()).expect("it is its own");
}

#[test]
fn a_cluster_is_used_and_heard_if_its_certificates_are_trusted() {
    let Some(cluster) = or_skip(RedisCluster::start_with_tls()) else { return };
    let url = format!("rediss+cluster://{}", cluster.urls().join(",").replace("rediss://", ""));
    let said = refused(&url);
    assert!(said.contains("UnknownIssuer") && said.contains("SSL_CERT_FILE"), "{said}");
    trusted(&url, cluster.node(0).certificate_authority()).expect("all are its own");
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let options = RedisOptions::new().with_tls().with_setting("bind", "127.0.0.1 127.0.0.2");
    let Some(server) = or_skip(Redis::start_with(options)) else { return };
    let said = trusted(&server.url().replace("127.0.0.1", "127.0.0.2"), server.certificate_authority());
    assert!(said.as_ref().is_err_and(|said| said.contains("not valid for name")), "{said:?}");
}
