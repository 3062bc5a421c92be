//! Which path is which function of the demo application.

use actix_web::http::StatusCode;
use actix_web::rt::time::sleep;
use actix_web::web::{Bytes, Path, ServiceConfig, delete, post, put, resource, route, scope};
use actix_web::{HttpRequest, HttpResponse, Route, guard};
use webstack_actix_web::Session;
use webstack_demo_app::{Answer, Reply, flash, lifecycle, links, page, slow, status, ui, users, values};

use crate::ENVIRONMENT;

/// The routes of the demo application.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/").route(get().to(show)))
        .service(resource("/plain").route(get().to(plain)))
        .service(resource("/ui/{action}").route(post().to(act)))
        .service(
            scope("/api")
                .service(resource("/session").route(get().to(overview)))
                .service(
                    resource("/values/{key}")
                        .route(get().to(value))
                        .route(put().to(put_value))
                        .route(delete().to(remove)),
                )
                .service(resource("/increment/{key}").route(post().to(increment)))
                .service(resource("/login/{user}").route(post().to(login)))
                .service(resource("/logout").route(post().to(logout)))
                .service(resource("/logout-everywhere").route(post().to(logout_everywhere)))
                .service(resource("/sessions").route(get().to(sessions)))
                .service(resource("/renew").route(post().to(renew)))
                .service(resource("/invalidate").route(post().to(invalidate)))
                .service(resource("/delete").route(post().to(forget)))
                .service(resource("/clear").route(post().to(clear)))
                .service(resource("/flash").route(get().to(messages)))
                .service(resource("/flash/{text}").route(post().to(leave_message)))
                .service(resource("/set-then/{status}").route(post().to(set_then)))
                .service(resource("/save-then/{status}").route(post().to(save_then)))
                .service(resource("/logout-then/{status}").route(post().to(logout_then)))
                .service(resource("/set-then-panic").route(post().to(set_then_panic)))
                .service(resource("/logout-then-panic").route(post().to(logout_then_panic)))
                .service(resource("/own-cookie/{value}").route(post().to(own_cookie)))
                .service(resource("/slow-read/{key}").route(get().to(slow_read)))
                .service(resource("/slow-set/{key}").route(post().to(slow_set)))
                .service(resource("/slow-increment/{key}").route(post().to(slow_increment)))
                .service(resource("/exclusive-increment/{key}").route(post().to(exclusive_increment)))
                .service(resource("/link").route(get().to(link)))
                .service(resource("/slow-renew").route(post().to(slow_renew)))
                .service(resource("/slow-logout").route(post().to(slow_logout))),
        );
}

async fn show(session: Session) -> HttpResponse {
    respond(page::show(&session, ENVIRONMENT))
}

async fn plain() -> HttpResponse {
    translate(page::plain(ENVIRONMENT))
}

async fn act(session: Session, action: Path<String>, form: Bytes) -> HttpResponse {
    translate(ui::act(&session, &action, &form).await)
}

async fn overview(session: Session) -> HttpResponse {
    respond(values::overview(&session, ENVIRONMENT))
}

async fn value(session: Session, key: Path<String>) -> HttpResponse {
    respond(values::get(&session, &key))
}

async fn put_value(session: Session, key: Path<String>, body: Bytes) -> HttpResponse {
    respond(values::put(&session, &key, &body))
}

async fn remove(session: Session, key: Path<String>) -> HttpResponse {
    respond(values::remove(&session, &key))
}

async fn increment(session: Session, key: Path<String>) -> HttpResponse {
    respond(values::increment(&session, &key).await)
}

async fn login(session: Session, user: Path<String>) -> HttpResponse {
    respond(lifecycle::login(&session, &user))
}

async fn logout(session: Session) -> HttpResponse {
    respond(lifecycle::logout(&session))
}

async fn logout_everywhere(session: Session) -> HttpResponse {
    respond(users::logout_everywhere(&session).await)
}

async fn sessions(session: Session) -> HttpResponse {
    respond(users::list(&session).await)
}

async fn renew(session: Session) -> HttpResponse {
    respond(lifecycle::renew(&session))
}

async fn invalidate(session: Session) -> HttpResponse {
    respond(lifecycle::invalidate(&session))
}

async fn forget(session: Session) -> HttpResponse {
    respond(lifecycle::delete(&session))
}

async fn clear(session: Session) -> HttpResponse {
    respond(lifecycle::clear(&session))
}

async fn messages(session: Session) -> HttpResponse {
    respond(flash::take(&session))
}

async fn leave_message(session: Session, text: Path<String>) -> HttpResponse {
    respond(flash::add(&session, &text))
}

async fn set_then(session: Session, status: Path<String>) -> HttpResponse {
    respond(status::set_then(&session, &status))
}

async fn save_then(session: Session, status: Path<String>) -> HttpResponse {
    respond(status::save_then(&session, &status).await)
}

async fn logout_then(session: Session, status: Path<String>) -> HttpResponse {
    respond(status::logout_then(&session, &status))
}

async fn set_then_panic(session: Session) -> HttpResponse {
    respond(status::set_then_panic(&session))
}

async fn logout_then_panic(session: Session) -> HttpResponse {
    respond(status::logout_then_panic(&session))
}

async fn own_cookie(session: Session, value: Path<String>) -> HttpResponse {
    respond(status::own_cookie(&session, &value))
}

async fn slow_read(session: Session, key: Path<String>, request: HttpRequest) -> HttpResponse {
    respond(slow::read(&session, &key, request.query_string(), sleep).await)
}

async fn slow_set(session: Session, key: Path<String>, request: HttpRequest) -> HttpResponse {
    respond(slow::set(&session, &key, request.query_string(), sleep).await)
}

async fn slow_increment(session: Session, key: Path<String>, request: HttpRequest) -> HttpResponse {
    respond(slow::increment(&session, &key, request.query_string(), sleep).await)
}

async fn exclusive_increment(session: Session, key: Path<String>, request: HttpRequest) -> HttpResponse {
    respond(slow::exclusive_increment(&session, &key, request.query_string(), sleep).await)
}

async fn link(session: Session, request: HttpRequest) -> HttpResponse {
    respond(links::link(&session, request.query_string()))
}

async fn slow_renew(session: Session, request: HttpRequest) -> HttpResponse {
    respond(slow::renew(&session, request.query_string(), sleep).await)
}

async fn slow_logout(session: Session, request: HttpRequest) -> HttpResponse {
    respond(slow::logout(&session, request.query_string(), sleep).await)
}

/// GET, and HEAD, which actix-web does not imply.
fn get() -> Route {
    route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

fn respond(answer: Answer) -> HttpResponse {
    translate(answer.unwrap_or_else(Reply::from))
}

/// From the types of `http` 1 to those of `http` 0.2, which actix-web uses.
fn translate(reply: Reply) -> HttpResponse {
    let (parts, body) = reply.into_parts();
    let status = StatusCode::from_u16(parts.status.as_u16()).expect("a status is a status in either version");
    let mut response = HttpResponse::build(status);
    for (name, value) in &parts.headers {
        response.append_header((name.as_str(), value.as_bytes()));
    }
    response.body(body)
}
