//! Which path is which function of the demo application.

use rocket::http::uri::Origin;
use rocket::tokio::time::sleep;
use rocket::{Route, delete, get, post, put, routes};
use webstack_demo_app::{flash, lifecycle, links, page, slow, status, ui, users, values};
use webstack_rocket::Session;

use crate::ENVIRONMENT;
use crate::body::Body;
use crate::respond::Replied;

/// The routes of the demo application. rocket answers HEAD by itself wherever there is a GET.
pub fn routes() -> Vec<Route> {
    let pages = routes![show, plain, act, overview, value, put_value, remove, increment, messages, leave_message];
    let lives = routes![login, logout, logout_everywhere, sessions, renew, invalidate, forget, clear];
    let statuses = routes![set_then, save_then, logout_then, set_then_panic, logout_then_panic, own_cookie];
    let slow = routes![slow_read, slow_set, slow_increment, exclusive_increment, slow_renew, slow_logout, link];
    [pages, lives, statuses, slow].concat()
}

#[get("/")]
fn show(session: Session) -> Replied {
    page::show(&session, ENVIRONMENT).into()
}

#[get("/plain")]
fn plain() -> Replied {
    page::plain(ENVIRONMENT).into()
}

#[post("/ui/<action>", data = "<form>")]
async fn act(session: Session, action: &str, form: Body) -> Replied {
    ui::act(&session, action, &form.0).await.into()
}

#[get("/api/session")]
fn overview(session: Session) -> Replied {
    values::overview(&session, ENVIRONMENT).into()
}

#[get("/api/values/<key>")]
fn value(session: Session, key: &str) -> Replied {
    values::get(&session, key).into()
}

#[put("/api/values/<key>", data = "<body>")]
fn put_value(session: Session, key: &str, body: Body) -> Replied {
    values::put(&session, key, &body.0).into()
}

#[delete("/api/values/<key>")]
fn remove(session: Session, key: &str) -> Replied {
    values::remove(&session, key).into()
}

#[post("/api/increment/<key>")]
async fn increment(session: Session, key: &str) -> Replied {
    values::increment(&session, key).await.into()
}

#[post("/api/login/<user>")]
fn login(session: Session, user: &str) -> Replied {
    lifecycle::login(&session, user).into()
}

#[post("/api/logout")]
fn logout(session: Session) -> Replied {
    lifecycle::logout(&session).into()
}

#[post("/api/logout-everywhere")]
async fn logout_everywhere(session: Session) -> Replied {
    users::logout_everywhere(&session).await.into()
}

#[get("/api/sessions")]
async fn sessions(session: Session) -> Replied {
    users::list(&session).await.into()
}

#[post("/api/renew")]
fn renew(session: Session) -> Replied {
    lifecycle::renew(&session).into()
}

#[post("/api/invalidate")]
fn invalidate(session: Session) -> Replied {
    lifecycle::invalidate(&session).into()
}

#[post("/api/delete")]
fn forget(session: Session) -> Replied {
    lifecycle::delete(&session).into()
}

#[post("/api/clear")]
fn clear(session: Session) -> Replied {
    lifecycle::clear(&session).into()
}

#[get("/api/flash")]
fn messages(session: Session) -> Replied {
    flash::take(&session).into()
}

#[post("/api/flash/<text>")]
fn leave_message(session: Session, text: &str) -> Replied {
    flash::add(&session, text).into()
}

#[post("/api/set-then/<code>")]
fn set_then(session: Session, code: &str) -> Replied {
    status::set_then(&session, code).into()
}

#[post("/api/save-then/<code>")]
async fn save_then(session: Session, code: &str) -> Replied {
    status::save_then(&session, code).await.into()
}

#[post("/api/logout-then/<code>")]
fn logout_then(session: Session, code: &str) -> Replied {
    status::logout_then(&session, code).into()
}

#[post("/api/set-then-panic")]
fn set_then_panic(session: Session) -> Replied {
    status::set_then_panic(&session).into()
}

#[post("/api/logout-then-panic")]
fn logout_then_panic(session: Session) -> Replied {
    status::logout_then_panic(&session).into()
}

#[post("/api/own-cookie/<value>")]
fn own_cookie(session: Session, value: &str) -> Replied {
    status::own_cookie(&session, value).into()
}

#[get("/api/slow-read/<key>?<ms>")]
async fn slow_read(session: Session, key: &str, ms: Option<&str>) -> Replied {
    slow::read(&session, key, &query(ms), sleep).await.into()
}

#[post("/api/slow-set/<key>?<ms>")]
async fn slow_set(session: Session, key: &str, ms: Option<&str>) -> Replied {
    slow::set(&session, key, &query(ms), sleep).await.into()
}

#[post("/api/slow-increment/<key>?<ms>")]
async fn slow_increment(session: Session, key: &str, ms: Option<&str>) -> Replied {
    slow::increment(&session, key, &query(ms), sleep).await.into()
}

#[post("/api/exclusive-increment/<key>?<ms>")]
async fn exclusive_increment(session: Session, key: &str, ms: Option<&str>) -> Replied {
    slow::exclusive_increment(&session, key, &query(ms), sleep).await.into()
}

#[get("/api/link")]
fn link(session: Session, asked: &Origin<'_>) -> Replied {
    links::link(&session, asked.query().map_or("", |query| query.as_str())).into()
}

#[post("/api/slow-renew?<ms>")]
async fn slow_renew(session: Session, ms: Option<&str>) -> Replied {
    slow::renew(&session, &query(ms), sleep).await.into()
}

#[post("/api/slow-logout?<ms>")]
async fn slow_logout(session: Session, ms: Option<&str>) -> Replied {
    slow::logout(&session, &query(ms), sleep).await.into()
}

/// The demo application reads the query itself, so that nonsense is told the same everywhere.
fn query(ms: Option<&str>) -> String {
    ms.map(|ms| format!("ms={ms}")).unwrap_or_default()
}
