//! actix-web: a middleware before everything, extractors, errors of middlewares.

use std::collections::HashMap;
use std::io;
use std::net::TcpListener;

use ::actix_web::body::MessageBody;
use ::actix_web::dev::{ServiceRequest, ServiceResponse};
use ::actix_web::error::InternalError;
use ::actix_web::http::{Method, StatusCode};
use ::actix_web::middleware::{Next, from_fn};
use ::actix_web::web::{self, Bytes, ServiceConfig};
use ::actix_web::{App, Error, HttpResponse, HttpServer, rt};
use webstack_actix_web::{Result, Session, SessionMiddleware};
use webstack_core::Sessions;
use webstack_demo_server::{Ready, Stop};

use crate::gate::GATE;
use crate::{late, status_in, touch};

pub(crate) fn run(listener: TcpListener, sessions: Sessions, ready: Ready, stop: Stop) -> io::Result<()> {
    let app = move || {
        App::new()
            .service(web::scope("/logout").configure(endings))
            .configure(endings)
            .route("/count", web::post().to(count))
            .route("/value/{key}", web::get().to(value))
            .wrap(from_fn(before))
            .wrap(SessionMiddleware::new(sessions.clone()))
    };
    ready();
    rt::System::new()
        .block_on(async { HttpServer::new(app).workers(1).shutdown_signal(stop).listen(listener)?.run().await })
}

/// What is between the session and the handlers.
async fn before(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let path = request.path().to_owned();
    if request.method() == Method::POST && path != "/count" {
        let session = request.extract::<Session>().await?;
        touch(&session, &path);
    }
    let response = next.call(request).await?;
    match StatusCode::from_u16(status_in(&path)) {
        Ok(status) if path.contains("/fails/") => Err(InternalError::new("it fails", status).into()),
        _ => Ok(response),
    }
}

fn endings(routes: &mut ServiceConfig) {
    routes
        .route("/set", web::post().to(HttpResponse::Ok))
        .route("/fails/{status}", web::post().to(HttpResponse::Ok))
        .route("/rejected", web::post().to(|_: web::Query<HashMap<String, u32>>| HttpResponse::Ok()))
        .route("/panics", web::post().to(panics))
        .route("/stream", web::post().to(stream))
        .route("/waits", web::post().to(waits));
}

async fn count(session: Session) -> Result<HttpResponse> {
    session.insert("n", &1)?;
    Ok(HttpResponse::Ok().finish())
}

async fn value(session: Session, key: web::Path<String>) -> Result<HttpResponse> {
    Ok(HttpResponse::Ok().json(serde_json::json!({"value": session.get::<serde_json::Value>(key.as_str())?})))
}

async fn panics() -> HttpResponse {
    panic!("as it should")
}

async fn stream(session: Session) -> HttpResponse {
    let pieces = late((*session).clone()).map(|piece| Ok::<_, Error>(Bytes::from(piece)));
    HttpResponse::Ok().streaming(futures_util::stream::iter(pieces))
}

async fn waits() -> HttpResponse {
    GATE.pass().await;
    HttpResponse::Ok().finish()
}
