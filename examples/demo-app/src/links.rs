//! Links that carry the session, where URLs do.

use serde::Serialize;
use webstack_core::Session;

use crate::reply::json;
use crate::{Answer, Failure};

/// `GET /api/link?to=/path`: the path, with the session in it if sessions travel in URLs.
///
/// # Errors
///
/// 400 without `to`, and if the session fails.
pub fn link(session: &Session, query: &str) -> Answer {
    #[derive(Serialize)]
    struct Link {
        href: String,
    }
    let to = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "to");
    let (_, to) = to.ok_or(Failure::bad_request("`to` says where the link leads"))?;
    Ok(json(&Link { href: session.link(&to)? }))
}
