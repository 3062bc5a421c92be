//! A neutral application mounted in an actix-web application.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, Route, rt};
use http_body::Body as _;
use http_body_util::channel::{Channel, Sender};
use webstack_core::app::{App, Body, BodyError, Request, Response, respond_mounted};

use crate::extractor::Opened;
use crate::head::prefix_of;

/// How many pieces of a request's body wait for the application at most.
const WAITING: usize = 4;

/// Mounts a neutral application: `web::scope("/prefix").default_service(mount(app))`, or as the whole site.
///
/// The application sees what comes behind the scope's prefix. Bodies stream both ways.
///
/// ```
/// use actix_web::{App, web};
/// use webstack_core::app;
///
/// let hello = app::from_fn(|_| async { http::Response::new("hello") });
/// let app = App::new().service(web::scope("/hello").default_service(webstack_actix_web::mount(hello)));
/// ```
pub fn mount<A: App>(app: A) -> Route {
    web::to(move |request: HttpRequest, payload: web::Payload| {
        let app = app.clone();
        async move { answer(app, &request, payload).await }
    })
}

async fn answer<A: App>(app: A, request: &HttpRequest, payload: web::Payload) -> HttpResponse<Streamed> {
    let session = request.extensions().get::<Opened>().map(|opened| opened.0.clone());
    let prefix = prefix_of(request.match_info()).to_owned();
    let response = match translate(request) {
        Some(mut translated) => {
            let (sender, body) = Channel::new(WAITING);
            *translated.body_mut() = Body::new(body);
            rt::spawn(pump(payload.into_inner(), sender));
            respond_mounted(app, &prefix, session, translated).await
        }
        None => {
            let mut response = Response::new(Body::from("Bad Request"));
            *response.status_mut() = http::StatusCode::BAD_REQUEST;
            response
        }
    };
    give_back(response)
}

/// From `http` 0.2, which actix-web uses, to `http` 1; `None` for what the newer version does not take.
fn translate(request: &HttpRequest) -> Option<Request> {
    let mut translated = http::Request::builder().method(request.method().as_str()).uri(request.uri().to_string());
    for (name, value) in request.headers() {
        translated = translated.header(name.as_str(), value.as_bytes());
    }
    translated.body(Body::empty()).ok()
}

/// actix-web's payload stays on its thread, and an application may be on any: the pieces go through a channel.
///
/// If nobody reads any more, because the application has answered, it ends.
async fn pump(mut payload: actix_web::dev::Payload, mut sender: Sender<Bytes, BodyError>) {
    loop {
        let piece = std::future::poll_fn(|context| futures_core::Stream::poll_next(Pin::new(&mut payload), context));
        match piece.await {
            Some(Ok(bytes)) => {
                if sender.send_data(bytes).await.is_err() {
                    return;
                }
            }
            Some(Err(error)) => return sender.abort(error.into()),
            None => return,
        }
    }
}

fn give_back(response: Response) -> HttpResponse<Streamed> {
    let (parts, body) = response.into_parts();
    let status = StatusCode::from_u16(parts.status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut given = HttpResponse::with_body(status, Streamed(body));
    for (name, value) in &parts.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_bytes(value.as_bytes()))
        {
            given.headers_mut().append(name, value);
        }
    }
    given
}

/// A neutral body as one of actix-web's.
struct Streamed(Body);

impl MessageBody for Streamed {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.0.size_hint().exact().map_or(BodySize::Stream, BodySize::Sized)
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        loop {
            match ready!(Pin::new(&mut self.0).poll_frame(context)) {
                // Trailers have no place in actix-web's responses.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => return Poll::Ready(Some(Ok(data))),
                    Err(_) => continue,
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}
