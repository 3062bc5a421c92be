//! The session as what a filter extracts.

use std::ops::Deref;

use warp::{Filter, Rejection};

use crate::Error;

/// The visitor's session, loaded. Extracted by [`session`]; see [`webstack_core::Session`] for what it can do.
#[derive(Clone, Debug)]
pub struct Session(webstack_core::Session);

impl Deref for Session {
    type Target = webstack_core::Session;

    fn deref(&self) -> &webstack_core::Session {
        &self.0
    }
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
    let load = async {
        let session = session.ok_or(webstack_core::Error::NotInstalled)?;
        session.load().await?;
        Ok(Session(session))
    };
    load.await.map_err(|error: webstack_core::Error| warp::reject::custom(Error::from(error)))
}
