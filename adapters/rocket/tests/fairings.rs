//! Fairings of several sessions, and of the same ones, in one rocket.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rocket::local::blocking::Client;
use rocket::{get, routes};
use webstack_core::store::MemoryStore;
use webstack_core::{Carrier, SigningKey};
use webstack_rocket::{SessionFairing, builder};

#[get("/")]
fn index() -> &'static str {
    "here"
}

#[test]
fn two_fairings_launch_and_the_route_that_redirects_is_there_only_where_it_is_needed() {
    let by_cookie = || SessionFairing::new(builder().store(MemoryStore::new()).build().unwrap());
    let by_query = || {
        let key = SigningKey::new("k".repeat(32)).unwrap();
        let sessions = builder().store(MemoryStore::new()).carriers([Carrier::Query]).signing_keys([key]);
        SessionFairing::new(sessions.build().unwrap())
    };
    for (one, two, routes) in [(by_cookie(), by_cookie(), 1), (by_query(), by_query(), 2), (by_cookie(), by_query(), 2)]
    {
        let rocket = rocket::build().attach(one).attach(two).mount("/", routes![index]);
        let client = Client::untracked(rocket).unwrap();
        assert_eq!(client.rocket().routes().count(), routes);
    }
}

#[test]
fn nobody_gets_to_the_route_that_redirects_by_asking_for_it() {
    let key = SigningKey::new("k".repeat(32)).unwrap();
    let sessions = builder().store(MemoryStore::new()).carriers([Carrier::Query]).signing_keys([key]).build().unwrap();
    let client = Client::untracked(rocket::build().attach(SessionFairing::new(sessions))).unwrap();
    let path = client.rocket().routes().map(|route| route.uri.path().to_owned()).next().unwrap();
    let sent = client.get(path.clone()).dispatch();
    assert_eq!(sent.status().code, 302, "as everybody without a ticket");
    let target = sent.headers().get_one("location").unwrap().to_owned();
    assert_eq!(client.get(target).dispatch().status().code, 404);
}
