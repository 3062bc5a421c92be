//! Which path is which function of the demo application.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use axum::routing::{get, post};
use tokio::time::sleep;
use webstack_axum::Session;
use webstack_demo_app::{Answer, Reply, flash, lifecycle, links, page, slow, status, ui, users, values};

use crate::ENVIRONMENT;

/// The routes of the demo application.
pub fn routes() -> Router {
    Router::new()
        .route("/", get(show))
        .route("/plain", get(plain))
        .route("/ui/{action}", post(act))
        .route("/api/session", get(overview))
        .route("/api/values/{key}", get(value).put(put_value).delete(remove))
        .route("/api/increment/{key}", post(increment))
        .route("/api/login/{user}", post(login))
        .route("/api/logout", post(logout))
        .route("/api/logout-everywhere", post(logout_everywhere))
        .route("/api/sessions", get(sessions))
        .route("/api/renew", post(renew))
        .route("/api/invalidate", post(invalidate))
        .route("/api/delete", post(forget))
        .route("/api/clear", post(clear))
        .route("/api/flash", get(messages))
        .route("/api/flash/{text}", post(leave_message))
        .route("/api/set-then/{status}", post(set_then))
        .route("/api/save-then/{status}", post(save_then))
        .route("/api/logout-then/{status}", post(logout_then))
        .route("/api/set-then-panic", post(set_then_panic))
        .route("/api/logout-then-panic", post(logout_then_panic))
        .route("/api/own-cookie/{value}", post(own_cookie))
        .route("/api/slow-read/{key}", get(slow_read))
        .route("/api/slow-set/{key}", post(slow_set))
        .route("/api/slow-increment/{key}", post(slow_increment))
        .route("/api/exclusive-increment/{key}", post(exclusive_increment))
        .route("/api/link", get(link))
        .route("/api/slow-renew", post(slow_renew))
        .route("/api/slow-logout", post(slow_logout))
}

async fn show(session: Session) -> Response {
    respond(page::show(&session, ENVIRONMENT))
}

async fn plain() -> Response {
    page::plain(ENVIRONMENT).map(Body::from)
}

async fn act(session: Session, Path(action): Path<String>, form: Bytes) -> Response {
    ui::act(&session, &action, &form).await.map(Body::from)
}

async fn overview(session: Session) -> Response {
    respond(values::overview(&session, ENVIRONMENT))
}

async fn value(session: Session, Path(key): Path<String>) -> Response {
    respond(values::get(&session, &key))
}

async fn put_value(session: Session, Path(key): Path<String>, body: Bytes) -> Response {
    respond(values::put(&session, &key, &body))
}

async fn remove(session: Session, Path(key): Path<String>) -> Response {
    respond(values::remove(&session, &key))
}

async fn increment(session: Session, Path(key): Path<String>) -> Response {
    respond(values::increment(&session, &key).await)
}

async fn login(session: Session, Path(user): Path<String>) -> Response {
    respond(lifecycle::login(&session, &user))
}

async fn logout(session: Session) -> Response {
    respond(lifecycle::logout(&session))
}

async fn logout_everywhere(session: Session) -> Response {
    respond(users::logout_everywhere(&session).await)
}

async fn sessions(session: Session) -> Response {
    respond(users::list(&session).await)
}

async fn renew(session: Session) -> Response {
    respond(lifecycle::renew(&session))
}

async fn invalidate(session: Session) -> Response {
    respond(lifecycle::invalidate(&session))
}

async fn forget(session: Session) -> Response {
    respond(lifecycle::delete(&session))
}

async fn clear(session: Session) -> Response {
    respond(lifecycle::clear(&session))
}

async fn messages(session: Session) -> Response {
    respond(flash::take(&session))
}

async fn leave_message(session: Session, Path(text): Path<String>) -> Response {
    respond(flash::add(&session, &text))
}

async fn set_then(session: Session, Path(status): Path<String>) -> Response {
    respond(status::set_then(&session, &status))
}

async fn save_then(session: Session, Path(status): Path<String>) -> Response {
    respond(status::save_then(&session, &status).await)
}

async fn logout_then(session: Session, Path(status): Path<String>) -> Response {
    respond(status::logout_then(&session, &status))
}

async fn set_then_panic(session: Session) -> Response {
    respond(status::set_then_panic(&session))
}

async fn logout_then_panic(session: Session) -> Response {
    respond(status::logout_then_panic(&session))
}

async fn own_cookie(session: Session, Path(value): Path<String>) -> Response {
    respond(status::own_cookie(&session, &value))
}

async fn slow_read(session: Session, Path(key): Path<String>, RawQuery(query): RawQuery) -> Response {
    respond(slow::read(&session, &key, &query.unwrap_or_default(), sleep).await)
}

async fn slow_set(session: Session, Path(key): Path<String>, RawQuery(query): RawQuery) -> Response {
    respond(slow::set(&session, &key, &query.unwrap_or_default(), sleep).await)
}

async fn slow_increment(session: Session, Path(key): Path<String>, RawQuery(query): RawQuery) -> Response {
    respond(slow::increment(&session, &key, &query.unwrap_or_default(), sleep).await)
}

async fn exclusive_increment(session: Session, Path(key): Path<String>, RawQuery(query): RawQuery) -> Response {
    respond(slow::exclusive_increment(&session, &key, &query.unwrap_or_default(), sleep).await)
}

async fn link(session: Session, RawQuery(query): RawQuery) -> Response {
    respond(links::link(&session, &query.unwrap_or_default()))
}

async fn slow_renew(session: Session, RawQuery(query): RawQuery) -> Response {
    respond(slow::renew(&session, &query.unwrap_or_default(), sleep).await)
}

async fn slow_logout(session: Session, RawQuery(query): RawQuery) -> Response {
    respond(slow::logout(&session, &query.unwrap_or_default(), sleep).await)
}

fn respond(answer: Answer) -> Response {
    answer.unwrap_or_else(Reply::from).map(Body::from)
}
