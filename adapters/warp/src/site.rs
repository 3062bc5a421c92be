//! What stands inside of the layer: the routes, and neutral applications beside them.

use std::cmp::Reverse;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body_util::Either;
use pin_project_lite::pin_project;
use tower_service::Service;
use webstack_core::app::{App, Body, Mount, respond_mounted};
use webstack_tower::Bodies;

/// The body of a response of warp's, which has no name outside of it; or of a neutral application's.
pub(crate) type Sent = Either<<warp::reply::Response as HasBody>::Body, Body>;
type Reply<B> = Result<Response<B>, Infallible>;
/// Answers what is below its prefix.
type Mounted = Arc<dyn Fn(Request<Body>) -> Responding + Send + Sync>;
type Responding = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// What answers requests inside of a [`Service`](crate::Service): a filter, made a service.
///
/// The type has no name. Say `impl Routes` where you return one:
///
/// ```
/// use warp::Filter as _;
/// use webstack_core::Sessions;
///
/// fn server(sessions: Sessions) -> webstack_warp::Server<impl webstack_warp::Routes> {
///     webstack_warp::serve(warp::path::end().map(|| "hello"), sessions)
/// }
/// ```
pub trait Routes:
    Service<Request<Body>, Response = warp::reply::Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<S> Routes for S where
    S: Service<Request<Body>, Response = warp::reply::Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

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

/// Routes, and what is mounted beside them.
#[derive(Clone)]
pub(crate) struct Site<S> {
    routes: S,
    mounts: Arc<Vec<(Box<str>, Mounted)>>,
}

impl<S> Site<S> {
    pub(crate) fn of(routes: S) -> Self {
        Site { routes, mounts: Arc::default() }
    }

    pub(crate) fn mount(&mut self, prefix: &str, app: impl App) {
        let prefix: Box<str> = prefix.trim_end_matches('/').into();
        let at: Arc<str> = prefix.as_ref().into();
        let mounted = move |request: Request<Body>| -> Responding {
            let (app, at) = (app.clone(), Arc::clone(&at));
            Box::pin(async move { respond_mounted(app, &at, None, request).await })
        };
        let mounts = Arc::make_mut(&mut self.mounts);
        mounts.push((prefix, Arc::new(mounted)));
        // The first one that fits is the longest one.
        mounts.sort_by_key(|(prefix, _)| Reverse(prefix.len()));
    }

    /// The prefixes below which something is mounted.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.mounts.iter().map(|(prefix, _)| &**prefix)
    }
}

impl<S: Routes> Service<Request<Body>> for Site<S> {
    type Response = Response<Sent>;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.routes.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let uri = request.uri();
        let who = match self.mounts.iter().find(|(prefix, _)| Mount::split(prefix, uri.clone()).is_some()) {
            None => Who::Routes { answering: self.routes.call(request) },
            Some((_, mounted)) => Who::Mounted { answering: mounted(request) },
        };
        Answering { who }
    }
}

pin_project! {
    /// The future of a site's answer.
    pub struct Answering<F> {
        #[pin]
        who: Who<F>,
    }
}

pin_project! {
    #[project = WhoProjection]
    enum Who<F> {
        Routes { #[pin] answering: F },
        Mounted { answering: Responding },
    }
}

impl<F: Future<Output = Reply<B>>, B> Future for Answering<F> {
    type Output = Reply<Either<B, Body>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = match self.project().who.project() {
            WhoProjection::Routes { answering } => ready!(answering.poll(context))?.map(Either::Left),
            WhoProjection::Mounted { answering } => ready!(answering.as_mut().poll(context)).map(Either::Right),
        };
        Poll::Ready(Ok(response))
    }
}
