//! The routes with the layer around them, and neutral applications beside them.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower_layer::Layer as _;
use warp::filters::BoxedFilter;
use warp::{Filter, Rejection};
use webstack_core::Sessions;
use webstack_core::app::{App, Body, BodyError, Mount, respond_mounted};
use webstack_tower::{ReplyBody, SessionFuture, SessionLayer};

use crate::error::recover;

type Reply = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;
type Mounted = Arc<dyn Fn(Request<Body>) -> Reply + Send + Sync>;

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
    let routes = routes.boxed().recover(recover).map(warp::Reply::into_response).boxed();
    Service { routes, layer: SessionLayer::new(sessions), mounts: Vec::new(), below: Arc::default() }
}

/// The service that [`service`] makes.
#[derive(Clone)]
pub struct Service {
    routes: BoxedFilter<(warp::reply::Response,)>,
    layer: SessionLayer,
    mounts: Vec<(Arc<str>, Mounted)>,
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
            Box::pin(async move { Ok(respond_mounted(app, &at, None, request).await) })
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
    type Response = Response<ReplyBody<Body>>;
    type Error = Infallible;
    type Future = SessionFuture<Reply, Body, Infallible>;

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
        let inner = match mounted {
            Some((_, mounted)) => Inner::Mounted(Arc::clone(mounted)),
            None => Inner::Routes(self.routes.clone()),
        };
        self.layer.layer(inner).call(request)
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mounts: Vec<_> = self.mounts.iter().map(|mount| &mount.0).collect();
        f.debug_struct("Service").field("layer", &self.layer).field("mounts", &mounts).finish_non_exhaustive()
    }
}

/// What answers one request inside the layer.
#[derive(Clone)]
enum Inner {
    Routes(BoxedFilter<(warp::reply::Response,)>),
    Mounted(Mounted),
}

impl tower_service::Service<Request<Body>> for Inner {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Reply;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Reply {
        match self {
            Inner::Mounted(mounted) => mounted(request),
            Inner::Routes(routes) => {
                let response = warp::service(routes.clone()).call(request);
                Box::pin(async move { Ok(response.await?.map(Body::new)) })
            }
        }
    }
}
