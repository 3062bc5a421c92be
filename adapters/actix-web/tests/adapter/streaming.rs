//! What happens after the response has begun.

use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, rt, web};
use webstack_actix_web::{Result, Session, SessionMiddleware};
use webstack_core::Error;

use crate::site::{Site, serve};

/// A body in three pieces that tries to change the session with each of them.
struct Late(Session, Vec<&'static str>);

impl MessageBody for Late {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        assert!(matches!(self.0.insert("late", &1), Err(Error::TooLate)));
        assert!(matches!(self.0.get::<u32>("kept"), Err(Error::TooLate)));
        Poll::Ready(self.1.pop().map(|piece| Ok(piece.into())))
    }
}

async fn stream(session: Session) -> Result<HttpResponse> {
    session.insert("kept", &2)?;
    Ok(HttpResponse::Ok().body(Late(session, vec!["three", "two", "one"])))
}

#[test]
fn a_change_while_the_body_is_streamed_is_too_late_and_the_body_arrives() {
    let site = Site::new();
    let middleware = SessionMiddleware::new(site.sessions.clone());
    let server = serve!(App::new().wrap(middleware.clone()).default_service(web::to(stream)));
    for cookie in ["", &site.known()] {
        let reply = server.send("GET", "/", cookie);
        assert_eq!(reply.body, "3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n");
        let cookie = reply.cookie().unwrap_or(cookie.to_owned());
        assert_eq!(site.stored(&cookie, |session| session.keys().unwrap()), ["kept"]);
        assert_eq!(site.number(&cookie, "kept"), Some(2));
    }
}

#[test]
fn a_session_in_a_spawned_task_is_too_late_after_the_response() {
    let site = Site::new();
    let middleware = SessionMiddleware::new(site.sessions.clone());
    let (answered, waiting) = mpsc::channel::<()>();
    let (told, telling) = mpsc::channel();
    let channels = std::sync::Arc::new(std::sync::Mutex::new(Some((waiting, told))));
    let server = serve!({
        let channels = channels.clone();
        App::new().wrap(middleware.clone()).default_service(web::to(move |session: Session| {
            let (waiting, told) = channels.lock().unwrap().take().unwrap();
            // on a thread of its own, which may wait
            rt::task::spawn_blocking(move || {
                waiting.recv().unwrap();
                let saved = webstack_core::runtime::block_on(session.save());
                told.send((session.insert("late", &1), session.invalidate(), saved)).unwrap();
            });
            async { "answered" }
        }))
    });
    let known = site.known();
    assert_eq!(server.send("GET", "/", &known).body, "answered");
    answered.send(()).unwrap();
    let results = telling.recv().unwrap();
    assert!(matches!(results, (Err(Error::TooLate), Err(Error::TooLate), Err(Error::TooLate))), "{results:?}");
    assert_eq!(site.stored(&known, |session| session.keys().unwrap()), ["kept"]);
}
