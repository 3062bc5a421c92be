//! The bodies of responses.

use http::Response;
use http_body_util::Either;
use webstack_core::app::Body;
use webstack_tower::Bodies;

/// The body of a response of warp's, which has no name outside of it.
pub(crate) type Warps = <warp::reply::Response as HasBody>::Body;

/// One of warp's, or that of a neutral application or of a refusal.
pub(crate) type Sent = Either<Warps, Body>;

/// Whoever answers inside of the layer, and whatever a refusal says: outside of it all bodies are of one type.
#[derive(Debug)]
pub(crate) struct Bodied;

impl Bodies<Warps> for Bodied {
    type Body = Sent;

    #[inline]
    fn of_service(body: Warps) -> Sent {
        Either::Left(body)
    }

    fn of_refusal(body: Body) -> Sent {
        Either::Right(body)
    }
}

impl Bodies<Body> for Bodied {
    type Body = Sent;

    fn of_service(body: Body) -> Sent {
        Either::Right(body)
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
