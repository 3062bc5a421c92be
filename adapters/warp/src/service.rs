//! The routes with the layer around them.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer as _;
use warp::{Filter, Rejection};
use webstack_core::Sessions;
use webstack_core::app::{App, Body, BodyError, Mount};
use webstack_tower::{SessionFuture, SessionLayer, SessionService};

use crate::Routes;
use crate::bodies::{Bodied, Sent, Warps};
use crate::error::recover;
use crate::mounts::{Mounts, Responding};

/// What comes out.
pub(crate) type Reply = Result<Response<Sent>, Infallible>;

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
pub fn service<F>(routes: F, sessions: Sessions) -> Service<impl Routes>
where
    F: Filter + Clone + Send + Sync + 'static,
    F::Extract: warp::Reply,
    F::Error: Into<Rejection>,
{
    let layer = SessionLayer::new(sessions).with_bodies();
    let routes = layer.layer(warp::service(routes.boxed().recover(recover)));
    Service { routes, beside: Arc::new(Beside { layer, mounts: Mounts::default(), below: "".into() }) }
}

/// The service that [`service`] makes. The body of its responses is warp's, which has no name, or that of a neutral application.
///
/// `S` are the [`Routes`].
#[derive(Clone)]
pub struct Service<S> {
    routes: SessionService<S, Bodied>,
    beside: Arc<Beside>,
}

/// What there is beside the routes.
#[derive(Clone)]
struct Beside {
    layer: SessionLayer<Bodied>,
    mounts: Mounts,
    below: Box<str>,
}

impl<S> Service<S> {
    /// Mounts a neutral application under a path prefix; it has the same session. Of several prefixes the longest one counts; what is
    /// below none goes to the routes.
    #[must_use]
    pub fn mount(mut self, prefix: &str, app: impl App) -> Self {
        let Beside { layer, mounts, .. } = Arc::make_mut(&mut self.beside);
        mounts.add(prefix, app, layer);
        self
    }

    /// Says under which path prefix all of this is reached, for `WEBSTACK_COOKIE_PATH=mount`.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        Arc::make_mut(&mut self.beside).below = prefix.into();
        self
    }
}

impl<S, B> tower_service::Service<Request<B>> for Service<S>
where
    S: Routes,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BodyError>,
{
    type Response = Response<Sent>;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.routes.poll_ready(context)
    }

    #[inline]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut request = request.map(Body::new);
        let Beside { mounts, below, .. } = &*self.beside;
        if !below.is_empty() {
            let uri = request.uri().clone();
            request.extensions_mut().insert(Mount::new(below, uri));
        }
        match mounts.find(request.uri()) {
            None => Answering::by_routes(self.routes.call(request)),
            Some(mounted) => Answering::by_mounted(mounted(request)),
        }
    }
}

pin_project! {
    /// The future of [`Service`].
    pub struct Answering<F> {
        #[pin]
        who: Who<F>,
    }
}

pin_project! {
    #[project = WhoProjection]
    enum Who<F> {
        Routes { #[pin] answering: SessionFuture<F, Warps, Infallible, Bodied> },
        Mounted { answering: Responding },
    }
}

impl<F> Answering<F> {
    #[inline]
    fn by_routes(answering: SessionFuture<F, Warps, Infallible, Bodied>) -> Self {
        Answering { who: Who::Routes { answering } }
    }

    fn by_mounted(answering: Responding) -> Self {
        Answering { who: Who::Mounted { answering } }
    }
}

impl<F: Future<Output = Result<Response<Warps>, Infallible>>> Future for Answering<F> {
    type Output = Reply;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Reply> {
        match self.project().who.project() {
            WhoProjection::Routes { answering } => answering.poll(context),
            WhoProjection::Mounted { answering } => answering.as_mut().poll(context),
        }
    }
}

impl<F> fmt::Debug for Answering<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answering").finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Service<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mounts: Vec<_> = self.beside.mounts.prefixes().collect();
        f.debug_struct("Service").field("routes", &self.routes).field("mounts", &mounts).finish_non_exhaustive()
    }
}
