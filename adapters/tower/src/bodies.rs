//! What becomes of the bodies of responses.

use http_body_util::Either;
use webstack_core::app::Body;

/// Says which type the bodies of responses have outside of the layer: a response is the inner service's, or, where the session's end
/// puts another one in its place, that of a [refusal](webstack_core::Refusal).
///
/// By default it is [`Both`]. A framework with one type for all bodies, into which it would put any other, says so here and spares
/// each response a box.
///
/// ```
/// use http_body_util::Full;
/// use webstack_core::app::Body;
/// use webstack_tower::Bodies;
///
/// /// All bodies become neutral ones.
/// struct Neutral;
///
/// impl Bodies<Full<bytes::Bytes>> for Neutral {
///     type Body = Body;
///
///     fn of_service(body: Full<bytes::Bytes>) -> Body {
///         Body::new(body)
///     }
///
///     fn of_refusal(body: Body) -> Body {
///         body
///     }
/// }
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
