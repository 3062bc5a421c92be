//! One Redis.

use webstack_test_servers::{NotStarted, Redis, RedisOptions, or_skip, where_there};

crate::promises::promises!(Redis);

#[test]
fn nothing_is_kept_unless_asked() {
    let Some(redis) = or_skip(Redis::start()) else { return };
    assert_eq!(redis.url(), format!("redis://127.0.0.1:{}", redis.port()));
    assert_eq!(redis.ask(&["SET", "text", "one"]).expect("it answers"), "OK");
    redis.restart().expect("it starts again");
    assert_eq!(redis.ask(&["EXISTS", "text"]).expect("it answers"), "0");
}

#[test]
fn a_password_is_asked_for() {
    let Some(redis) = or_skip(Redis::start_with(RedisOptions::new().with_password("secret"))) else { return };
    assert_eq!(redis.url(), format!("redis://:secret@127.0.0.1:{}", redis.port()));
    assert_eq!(redis.ask(&["PING"]).expect("it answers"), "PONG");
    assert!(without_password(&redis, &[]).contains("NOAUTH"));
}

#[test]
fn a_user_may_do_everything_and_others_nothing() {
    let Some(redis) = or_skip(Redis::start_with(RedisOptions::new().with_user("alice", "secret"))) else { return };
    assert_eq!(redis.url(), format!("redis://alice:secret@127.0.0.1:{}", redis.port()));
    assert_eq!(redis.ask(&["ACL", "WHOAMI"]).expect("it answers"), "alice");
    assert!(without_password(&redis, &[]).contains("NOAUTH"));
}

#[test]
fn tls_is_demanded_and_shows_a_certificate_of_the_authority() {
    let Some(redis) = or_skip(Redis::start_with(RedisOptions::new().with_tls().with_password("secret"))) else {
        return;
    };
    assert_eq!(redis.url(), format!("rediss://:secret@127.0.0.1:{}", redis.port()));
    assert_eq!(redis.ask(&["PING"]).expect("it answers"), "PONG");
    assert!(!without_password(&redis, &[]).contains("NOAUTH"), "it talks without TLS");
    // of another authority
    let Some(other) = or_skip(Redis::start_with(RedisOptions::new().with_tls())) else { return };
    let authority = other.certificate_authority().expect("it has one");
    let authority = authority.to_str().expect("a name in ASCII");
    assert!(without_password(&redis, &["--tls", "--cacert", authority]).contains("certificate verify failed"));
}

#[test]
fn settings_take_the_place_of_ours() {
    let options = RedisOptions::new().durable().with_setting("appendfsync", "no").with_setting("maxmemory", "2mb");
    let Some(redis) = or_skip(Redis::start_with(options)) else { return };
    assert_eq!(redis.ask(&["CONFIG", "GET", "appendfsync"]).expect("it answers"), "appendfsync\nno");
    assert_eq!(redis.ask(&["CONFIG", "GET", "maxmemory"]).expect("it answers"), "maxmemory\n2097152");
}

#[test]
fn what_the_server_says_is_told_if_it_does_not_start() {
    let Some(failed) = Redis::start_with(RedisOptions::new().with_setting("no-such", "setting")).err() else {
        panic!("it starts with a setting that is none");
    };
    let NotStarted::Failed { log } = failed else { return drop(or_skip::<Redis>(Err(failed))) };
    assert!(log.contains("Bad directive"), "{log}");
}

#[test]
fn valkey_is_started_where_it_is_installed() {
    let Some(valkey) = where_there(Redis::start_valkey()) else { return };
    assert!(valkey.ask(&["INFO", "server"]).expect("it answers").contains("server_name:valkey"));
}

/// What somebody is told who has no password.
fn without_password(redis: &Redis, more: &[&str]) -> String {
    let mut client = std::process::Command::new("redis-cli");
    client.env_remove("REDISCLI_AUTH").args(["-p", &redis.port().to_string()]).args(more).arg("PING");
    let output = client.output().expect("it was there a moment ago");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}
