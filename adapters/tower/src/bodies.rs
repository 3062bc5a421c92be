//! What becomes of the bodies of responses.

use http_body_util::Either;
use webstack_core::app::Body;

/// Says which type the bodies of responses have outside of the layer: a response is the inner service's, or, where the session's end
/// puts another one in its place, that of a [refusal](webstack_core::Refusal).
///
/// By default it is [`Both`]. A service with one type for all bodies says so, and nothing is put around it.
///
/// ```
/// use http::{Request, Response};
/// use tower_layer::Layer as _;
/// use tower_service::Service as _;
/// use webstack_core::app::{self, Body};
/// use webstack_core::store::MemoryStore;
/// use webstack_tower::{Bodies, SessionLayer};
///
/// /// The service's bodies are such as refusals have.
/// struct Neutral;
///
/// impl Bodies<Body> for Neutral {
///     type Body = Body;
///
///     fn of_service(body: Body) -> Body {
///         body
///     }
///
///     fn of_refusal(body: Body) -> Body {
///         body
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = webstack_tower::builder().store(MemoryStore::new()).build()?;
/// let layer = SessionLayer::new(sessions).with_bodies::<Neutral>();
/// let mut service = layer.layer(app::from_fn(|_| async { Response::new("hello") }));
/// let response: Response<Body> = service.call(Request::new(Body::empty())).await?;
/// assert_eq!(response.status(), 200);
/// # Ok(()) }
/// ```
pub trait Bodies<B> {
    /// The type.
    type Body;

    /// What a body of the inner service's becomes.
    fn of_service(body: B) -> Self::Body;

    /// What the body of a refusal becomes.
    fn of_refusal(body: Body) -> Self::Body;
}

/// [`Either`] a body of the inner service's, or that of a refusal.
#[derive(Clone, Copy, Debug)]
pub struct Both;

impl<B> Bodies<B> for Both {
    type Body = Either<B, Body>;

    fn of_service(body: B) -> Either<B, Body> {
        Either::Left(body)
    }

    fn of_refusal(body: Body) -> Either<B, Body> {
        Either::Right(body)
    }
}
