//! The session's lock over several environments, and after a holder that was killed.

use serde_json::json;
use webstack_interop::program;
use webstack_testkit::environment::{Browser, EnvironmentUnderTest as _, Program, Server, Settings};

fn start(name: &str, settings: &Settings) -> Server {
    Program::new(program(name)).start(settings).expect("it starts")
}

#[test]
fn what_is_done_under_the_lock_is_exact_over_environments() {
    let place = tempfile::tempdir().expect("a directory");
    let settings = Settings::new(place.path());
    let servers = ["demo-actix-web", "demo-rocket", "demo-warp"].map(|name| start(name, &settings));
    let mut visitor = Browser::new(servers[0].url());
    visitor.put("/api/values/kept", &json!(true)).expect(204);
    let mut answers: Vec<_> = std::thread::scope(|scope| {
        let requests: Vec<_> = (0..10)
            .map(|number| {
                let mut browser = visitor.at(servers[number % servers.len()].url());
                scope.spawn(move || browser.post("/api/exclusive-increment/n?ms=30").expect(200).value().as_u64())
            })
            .collect();
        requests.into_iter().filter_map(|request| request.join().expect("it is answered")).collect()
    });
    answers.sort_unstable();
    assert_eq!(answers, (1..=10).collect::<Vec<_>>());
}

#[test]
fn a_holder_that_is_killed_does_not_hold_the_lock_for_ever() {
    let place = tempfile::tempdir().expect("a directory");
    let settings = Settings::new(place.path()).with("WEBSTACK_LOCK_LEASE", "1");
    let (holder, other) = (start("demo-axum", &settings), start("demo-actix-web", &settings));
    let mut visitor = Browser::new(other.url());
    visitor.post("/api/increment/n").expect(200);
    let cookies = format!("cookie: {}", visitor.cookie_header().expect("a session"));
    let held = visitor
        .at(holder.url())
        .begin("POST", "/api/exclusive-increment/n?ms=60000", &[cookies.as_bytes()])
        .expect("a connection");
    // By the time this is answered the holder has long had the lock.
    visitor.at(holder.url()).get("/api/slow-read/n?ms=500").expect(200);
    let locked = std::fs::read_dir(place.path().join("WebStack-sessions")).expect("the store").flatten().any(|shard| {
        std::fs::read_dir(shard.path()).into_iter().flatten().flatten().any(|record| {
            std::fs::read(record.path()).is_ok_and(|bytes| bytes.windows(7).any(|part| part == b"\"lease\""))
        })
    });
    assert!(locked, "the holder has the lock");
    // Dropping a server kills it.
    drop(holder);
    drop(held);
    // Others wait for five seconds, so an answer says that the lease was outwaited.
    assert_eq!(visitor.post("/api/exclusive-increment/n").expect(200).value(), json!(2));
    assert_eq!(visitor.post("/api/increment/n").expect(200).value(), json!(3), "a writer without the lock");
}
