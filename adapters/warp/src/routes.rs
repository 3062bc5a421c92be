//! The routes, as a type to be named.

use std::convert::Infallible;

use http::Request;
use tower_service::Service;
use webstack_core::app::Body;

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
