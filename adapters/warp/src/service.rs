//! The routes with the layer around them, and neutral applications beside them.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Either;
use tower_layer::Layer as _;
use tower_service::Service as _;
use warp::{Filter, Rejection};
use webstack_core::Sessions;
use webstack_core::app::{App, Body, BodyError, Mount, respond_mounted};
use webstack_tower::{Bodies, SessionFuture, SessionLayer};

use crate::error::recover;

/// The body of a response of warp's, which has no name outside of it; or of a neutral application's.
type Sent = Either<<warp::reply::Response as HasBody>::Body, Body>;
type Reply = Pin<Box<dyn Future<Output = Result<Response<Sent>, Infallible>> + Send>>;
/// What answers requests: the routes, or an application beside them.
type Answers = Arc<dyn Fn(Request<Body>) -> Reply + Send + Sync>;

/// A refusal has a body as neutral applications' responses have.
#[derive(Debug)]
pub struct Bodied;

impl Bodies<Sent> for Bodied {
    type Body = Sent;

    fn of_service(body: Sent) -> Sent {
        body
    }

    fn of_refusal(body: Body) -> Sent {
        Either::Right(body)
    }
}

/// What has a body of some kind.
pub trait HasBody {
    /// Its kind.
    type Body;
}

impl<B> HasBody for Response<B> {
    type Body = B;
}

/// Makes a tower service of warp routes, with a session for every request.
///
/// ```
/// use warp::Filter as _;
/// use webstack_core::store::MemoryStore;
///
/// let sessions = webstack_warp::builder().store(MemoryStore::new()).build().unwrap();
/// let routes = warp::path::end().map(|| "hello");
/// let service = webstack_warp::service(routes, sessions);
/// ```
pub fn service<F>(routes: F, sessions: Sessions) -> Service
where
    F: Filter + Clone + Send + Sync + 'static,
    F::Extract: warp::Reply,
    F::Error: Into<Rejection>,
{
    let routes = warp::service(routes.boxed().recover(recover));
    let answer = move |request: Request<Body>| -> Reply {
        let answering = routes.clone().call(request);
        Box::pin(async move { Ok(answering.await?.map(Either::Left)) })
    };
    Service {
        routes: Arc::new(answer),
        layer: SessionLayer::new(sessions).with_bodies(),
        mounts: Vec::new(),
        below: Arc::default(),
    }
}

/// The service that [`service`] makes. The body of its responses is warp's, which has no name, or that of a neutral application.
#[derive(Clone)]
pub struct Service {
    routes: Answers,
    layer: SessionLayer<Bodied>,
    mounts: Vec<(Arc<str>, Answers)>,
    below: Arc<str>,
}

impl Service {
    /// Mounts a neutral application under a path prefix; it has the same session. What is not below goes to the routes.
    #[must_use]
    pub fn mount(mut self, prefix: &str, app: impl App) -> Self {
        let prefix: Arc<str> = prefix.trim_end_matches('/').into();
        let at = Arc::clone(&prefix);
        let mounted = move |request: Request<Body>| -> Reply {
            let (app, at) = (app.clone(), Arc::clone(&at));
            Box::pin(async move { Ok(respond_mounted(app, &at, None, request).await.map(Either::Right)) })
        };
        self.mounts.push((prefix, Arc::new(mounted)));
        self
    }

    /// Says under which path prefix all of this is reached, for `WEBSTACK_COOKIE_PATH=mount`.
    #[must_use]
    pub fn below(self, prefix: &str) -> Self {
        Service { below: prefix.into(), ..self }
    }
}

impl<B> tower_service::Service<Request<B>> for Service
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BodyError>,
{
    type Response = Response<Sent>;
    type Error = Infallible;
    type Future = SessionFuture<Reply, Sent, Infallible, Bodied>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut request = request.map(Body::new);
        if !self.below.is_empty() {
            let uri = request.uri().clone();
            request.extensions_mut().insert(Mount::new(&self.below, uri));
        }
        let uri = request.uri();
        let mounted = self.mounts.iter().find(|mount| Mount::split(&mount.0, uri.clone()).is_some());
        let answers = mounted.map_or(&self.routes, |(_, mounted)| mounted);
        self.layer.layer(Inner(Arc::clone(answers))).call(request)
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mounts: Vec<_> = self.mounts.iter().map(|mount| &mount.0).collect();
        f.debug_struct("Service").field("layer", &self.layer).field("mounts", &mounts).finish_non_exhaustive()
    }
}

/// What stands inside the layer for one request.
#[derive(Clone)]
struct Inner(Answers);

impl tower_service::Service<Request<Body>> for Inner {
    type Response = Response<Sent>;
    type Error = Infallible;
    type Future = Reply;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Reply {
        (self.0)(request)
    }
}
