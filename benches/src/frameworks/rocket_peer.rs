//! rocket_flex_session, as its documentation sets it up. It has no word for a new token, so nothing is renewed.

use std::collections::HashMap;

use rocket::{Build, Rocket, get, routes};
use rocket_flex_session::RocketFlexSession;

use super::rocket::{bare, plain};
use super::{VALUE, fresh, shown};
use crate::site::{KEYS, THINKING};

type Values = HashMap<String, u64>;
type Session<'a> = rocket_flex_session::Session<'a, Values>;

fn put(session: &mut Session<'_>, key: &str, value: u64) {
    session.tap_mut(|values| values.get_or_insert_default().insert(key.to_owned(), value));
}

fn value(session: &Session<'_>, key: &str) -> Option<u64> {
    session.tap(|values| values?.get(key).copied())
}

#[get("/read")]
fn read(session: Session<'_>) -> String {
    shown(value(&session, VALUE))
}

#[get("/write")]
fn write(mut session: Session<'_>) -> String {
    let value = fresh();
    put(&mut session, VALUE, value);
    value.to_string()
}

#[get("/keep/<key>")]
async fn keep(key: &str, mut session: Session<'_>) -> &'static str {
    rocket::tokio::time::sleep(THINKING).await;
    put(&mut session, key, 1);
    "kept"
}

#[get("/increment")]
async fn increment(mut session: Session<'_>) -> &'static str {
    let before = value(&session, VALUE).unwrap_or(0);
    rocket::tokio::time::sleep(THINKING).await;
    put(&mut session, VALUE, before + 1);
    "incremented"
}

#[get("/kept")]
fn kept(session: Session<'_>) -> String {
    (0..KEYS).filter(|key| value(&session, &format!("k{key}")).is_some()).count().to_string()
}

pub(crate) fn application() -> Rocket<Build> {
    bare().attach(RocketFlexSession::<Values>::default()).mount("/", routes![plain, read, write, keep, increment, kept])
}
