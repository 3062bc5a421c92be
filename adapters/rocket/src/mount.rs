//! A neutral application mounted in a rocket application.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use http_body_util::BodyExt as _;
use http_body_util::channel::{Channel, Sender};
use rocket::data::ByteUnit;
use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome};
use rocket::tokio::io::{AsyncRead, ReadBuf};
use rocket::{Data, Request, Response, Route};
use tokio_util::io::ReaderStream;
use webstack_core::app::{self, App, Body, BodyError, respond_mounted};

use crate::opened::Opened;

/// How many pieces of a request's body wait for the application at most.
const WAITING: usize = 4;

/// The routes of a neutral application: `rocket.mount("/prefix", webstack_rocket::mount(app))`.
///
/// The application sees what comes behind the prefix. It has to read a request's body before it answers; the response's
/// body streams.
///
/// ```
/// use webstack_core::app;
///
/// let hello = app::from_fn(|_| async { http::Response::new("hello") });
/// let rocket = rocket::build().mount("/hello", webstack_rocket::mount(hello));
/// ```
pub fn mount<A: App>(app: A) -> Vec<Route> {
    use Method::{Delete, Get, Head, Options, Patch, Post, Put};
    /// Behind every route that somebody wrote by hand.
    const RANK: isize = 100;
    [Get, Head, Post, Put, Delete, Patch, Options]
        .map(|method| Route::ranked(RANK, method, "/<path..>", Mounted { app: app.clone() }))
        .into()
}

#[derive(Clone)]
struct Mounted<A> {
    app: A,
}

#[rocket::async_trait]
impl<A: App> Handler for Mounted<A> {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let (sender, body) = Channel::new(WAITING);
        let Some(translated) = translate(request, Body::new(body)) else { return Outcome::Error(Status::BadRequest) };
        let prefix = request.route().map_or("", |route| route.uri.base()).to_owned();
        let session = Opened::of(request).session();
        let answer = pin!(respond_mounted(self.app.clone(), &prefix, session, translated));
        // The body belongs to the request, so it is pumped beside the application and no longer.
        let pumped = pin!(pump(data, sender));
        Outcome::Success(give_back(alongside(answer, pumped).await))
    }
}

/// The first future's value; the second one runs as long as that takes.
async fn alongside<T>(
    mut first: Pin<&mut impl Future<Output = T>>,
    mut second: Pin<&mut impl Future<Output = ()>>,
) -> T {
    let mut pumping = true;
    std::future::poll_fn(|context| {
        if let Poll::Ready(value) = first.as_mut().poll(context) {
            return Poll::Ready(value);
        }
        if pumping && second.as_mut().poll(context).is_ready() {
            pumping = false;
        }
        Poll::Pending
    })
    .await
}

/// The request in `http` types; `None` for what they do not take.
fn translate(request: &Request<'_>, body: Body) -> Option<app::Request> {
    let mut translated = http::Request::builder().method(request.method().as_str()).uri(request.uri().to_string());
    for header in request.headers().iter() {
        translated = translated.header(header.name().as_str(), header.value());
    }
    translated.body(body).ok()
}

async fn pump(data: Data<'_>, mut sender: Sender<Bytes, BodyError>) {
    let mut stream = ReaderStream::new(data.open(ByteUnit::max_value()));
    loop {
        let piece = std::future::poll_fn(|context| rocket::futures::Stream::poll_next(Pin::new(&mut stream), context));
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

fn give_back(response: app::Response) -> Response<'static> {
    let (parts, body) = response.into_parts();
    let mut given = Response::build();
    given.status(Status::new(parts.status.as_u16()));
    for (name, value) in &parts.headers {
        // rocket has text only.
        if let Ok(value) = value.to_str() {
            given.raw_header_adjoin(name.as_str().to_owned(), value.to_owned());
        }
    }
    given.streamed_body(Reader { body, piece: Bytes::new() });
    given.finalize()
}

/// A neutral body as something to read from.
struct Reader {
    body: Body,
    piece: Bytes,
}

impl AsyncRead for Reader {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.piece.is_empty() {
            match ready!(pin!(self.body.frame()).poll(context)) {
                // Trailers have no place in rocket's responses.
                Some(Ok(frame)) => self.piece = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = self.piece.len().min(into.remaining());
        into.put_slice(&self.piece[..length]);
        self.piece.advance(length);
        Poll::Ready(Ok(()))
    }
}
