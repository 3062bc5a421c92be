//! The layer: tower's, whose responses have bodies of axum's.

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use webstack_core::Sessions;
use webstack_core::app;
use webstack_tower::Bodies;

use crate::mounted::nested_under;

/// The layer that gives every handler of a router a session.
///
/// [`layer`] makes it: it has no `new` of its own, and everything else that [tower's](webstack_tower::SessionLayer) has.
pub type SessionLayer = webstack_tower::SessionLayer<RouterBodies>;

/// The layer that gives every handler of a router a session.
///
/// With `WEBSTACK_COOKIE_PATH=mount` the cookie's path is the prefix that the router is nested under.
pub fn layer(sessions: Sessions) -> SessionLayer {
    webstack_tower::SessionLayer::new(sessions).with_mount_of(nested_under).with_bodies()
}

/// All bodies are axum's: a router would put any other into one more box.
#[derive(Clone, Copy, Debug)]
pub struct RouterBodies;

impl<B> Bodies<B> for RouterBodies
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Body = Body;

    fn of_service(body: B) -> Body {
        Body::new(body)
    }

    fn of_refusal(body: app::Body) -> Body {
        Body::new(body)
    }
}
