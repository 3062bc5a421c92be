//! The routes with the layer around them.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower_layer::Layer as _;
use warp::{Filter, Rejection};
use webstack_core::Sessions;
use webstack_core::app::{App, Body, BodyError, Mount};
use webstack_tower::{SessionFuture, SessionLayer, SessionService};

use crate::error::recover;
use crate::site::{Answering, Bodied, Routes, Sent, Site};

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
    let site = Site::of(warp::service(routes.boxed().recover(recover)));
    Service { inner: SessionLayer::new(sessions).with_bodies().layer(site), below: Arc::default() }
}

/// The service that [`service`] makes. The body of its responses is warp's, which has no name, or that of a neutral application.
///
/// `S` are the [`Routes`].
#[derive(Clone)]
pub struct Service<S> {
    inner: SessionService<Site<S>, Bodied>,
    below: Arc<str>,
}

impl<S> Service<S> {
    /// Mounts a neutral application under a path prefix; it has the same session. Of several prefixes the longest one counts; what is
    /// below none goes to the routes.
    #[must_use]
    pub fn mount(mut self, prefix: &str, app: impl App) -> Self {
        self.inner.get_mut().mount(prefix, app);
        self
    }

    /// Says under which path prefix all of this is reached, for `WEBSTACK_COOKIE_PATH=mount`.
    #[must_use]
    pub fn below(self, prefix: &str) -> Self {
        Service { below: prefix.into(), ..self }
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
    type Future = SessionFuture<Answering<S::Future>, Sent, Infallible, Bodied>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut request = request.map(Body::new);
        if !self.below.is_empty() {
            let uri = request.uri().clone();
            request.extensions_mut().insert(Mount::new(&self.below, uri));
        }
        self.inner.call(request)
    }
}

impl<S> fmt::Debug for Service<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mounts: Vec<_> = self.inner.get_ref().prefixes().collect();
        f.debug_struct("Service").field("inner", &self.inner).field("mounts", &mounts).finish_non_exhaustive()
    }
}
