//! The session as what a filter extracts.

use warp::{Filter, Rejection};
use webstack_core::adapter::loaded;

use crate::Error;

webstack_core::__adapter_session! {
    /// The visitor's session, loaded. Extracted by [`session`]; see [`webstack_core::Session`] for what it can do.
    pub struct Session;
}

/// Extracts the visitor's session. It rejects with an [`Error`] if the session cannot be loaded.
///
/// Ask for it behind the path: a filter that is tried and does not match loads the session all the same.
///
/// ```
/// use warp::Filter as _;
/// use webstack_warp::{Result, Session};
///
/// fn name(session: Session) -> Result<String> {
///     Ok(session.get("name")?.unwrap_or_else(|| "stranger".to_owned()))
/// }
///
/// let route = warp::path("name").and(webstack_warp::session()).map(name);
/// ```
pub fn session() -> impl Filter<Extract = (Session,), Error = Rejection> + Copy {
    warp::ext::optional::<webstack_core::Session>().and_then(load)
}

async fn load(session: Option<webstack_core::Session>) -> Result<Session, Rejection> {
    if session.is_none() {
        // Then nobody is there to answer the rejection in our way, either: warp does, and says nothing of how to mend it.
        tracing::error!(target: "webstack::session", "the routes are not served by webstack_warp::serve or webstack_warp::service");
    }
    loaded(session).await.map(Session).map_err(|error| warp::reject::custom(Error::from(error)))
}
