//! What a URL says, what is wrong with one, and what is never shown.

mod support;

use webstack_store::{Store as _, StoreError};
use webstack_store_redis::{InvalidUrl, RedisStore};

use support::{block_on, id};

fn refused(url: &str) -> InvalidUrl {
    RedisStore::builder(url).build().expect_err(url)
}

#[test]
fn urls_that_are_right_make_a_store_without_a_server_or_a_runtime() {
    let right = [
        ("redis://localhost", "localhost:6379", "webstack"),
        ("redis://localhost/", "localhost:6379", "webstack"),
        ("redis://10.0.0.1:7000/2", "10.0.0.1:7000", "webstack"),
        ("redis://[::1]:7000/2?namespace=shop", "::1:7000", "shop"),
        ("redis://alice:pw@redis.example:1?namespace=a%3Ab", "redis.example:1", "a:b"),
        ("redis+cluster://a:1,b,c:3", "\"a:1\", \"b:6379\", \"c:3\"", "webstack"),
        ("redis+cluster://:p%40w@a:1,b:2/0?namespace=shop", "\"a:1\", \"b:2\"", "shop"),
    ];
    for (url, servers, namespace) in right {
        let shown = format!("{:?}", RedisStore::builder(url).build().expect(url));
        assert!(shown.contains(servers), "{shown}");
        assert!(shown.contains(&format!("namespace: \"{namespace}\"")), "{shown}");
    }
}

#[test]
fn the_builder_has_the_last_word_about_the_namespace() {
    let store = RedisStore::builder("redis://localhost?namespace=shop").namespace("forum").build().expect("a store");
    assert!(format!("{store:?}").contains("\"forum\""));
    assert_eq!(
        RedisStore::builder("redis://localhost").namespace("{a}").build().expect_err("no"),
        InvalidUrl::Namespace
    );
    let never = RedisStore::builder("redis://localhost").timeout(std::time::Duration::ZERO);
    assert_eq!(never.build().expect_err("no"), InvalidUrl::Timeout);
}

#[test]
fn urls_that_are_wrong_are_refused_with_what_would_be_right() {
    let wrong = [
        ("", InvalidUrl::Scheme),
        ("localhost:6379", InvalidUrl::Scheme),
        ("http://localhost", InvalidUrl::Scheme),
        ("unix:///run/redis", InvalidUrl::Scheme),
        ("redis://", InvalidUrl::Host),
        ("redis://alice:pw@", InvalidUrl::Host),
        ("redis://a b", InvalidUrl::Host),
        ("redis://[::1", InvalidUrl::Host),
        ("redis://[localhost]", InvalidUrl::Host),
        ("redis://localhost:0", InvalidUrl::Port),
        ("redis://localhost:70000", InvalidUrl::Port),
        ("redis://localhost:port", InvalidUrl::Port),
        ("redis://[::1]7000", InvalidUrl::Port),
        ("redis://:p/w@localhost", InvalidUrl::Host),
        ("redis://alice:p/w@localhost", InvalidUrl::Port),
        ("redis://a:1,b:2", InvalidUrl::SeveralHosts),
        ("redis+cluster://a:1,,b:2", InvalidUrl::Host),
        ("redis://localhost/shop", InvalidUrl::Database),
        ("redis://localhost/-1", InvalidUrl::Database),
        ("redis+cluster://localhost/1", InvalidUrl::ClusterDatabase),
        ("redis://localhost?db=1", InvalidUrl::Parameter),
        ("redis://localhost?namespace=a&x=1", InvalidUrl::Parameter),
        ("redis://localhost?namespace=", InvalidUrl::Namespace),
        ("redis://localhost?namespace={a}", InvalidUrl::Namespace),
        ("redis://localhost?namespace=a%20b", InvalidUrl::Namespace),
        ("redis://:100%@localhost", InvalidUrl::Encoding),
        ("redis://:%ff@localhost", InvalidUrl::Encoding),
        ("redis://:a#b@localhost", InvalidUrl::Fragment),
    ];
    for (url, why) in wrong {
        assert_eq!(refused(url), why, "{url}");
        let text = why.to_string();
        assert!(!text.contains('\n') && text.len() < 160, "one line: {text}");
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn without_tls_compiled_in_the_feature_is_named() {
    for url in ["rediss://localhost", "rediss+cluster://localhost"] {
        assert_eq!(refused(url), InvalidUrl::TlsNotCompiled);
        assert!(refused(url).to_string().contains("feature `tls`"));
    }
}

#[test]
fn passwords_are_never_shown() {
    const SECRET: &str = "geheim";
    for scheme in ["redis", "redis+cluster"] {
        for rest in ["127.0.0.1:1", "127.0.0.1:1/x", "", ":x", "a:1?geheim=1", "a#geheim", "a/%"] {
            let builder = RedisStore::builder(format!("{scheme}://geheim:geheim@{rest}"));
            assert!(!format!("{builder:?} {builder:#?}").contains(SECRET));
            let shown = match builder.build() {
                Ok(store) => {
                    let error = block_on(store.load(&id(1))).expect_err("nobody listens there");
                    let StoreError::Unavailable(cause) = &error else { panic!("{error:?}") };
                    format!("{store:?} {store:#?} {error} {error:?} {cause} {cause:?} {:?}", cause.source())
                }
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains(SECRET), "{shown}");
        }
    }
}
