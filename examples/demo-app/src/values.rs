//! Reading and writing what a session holds.

use std::collections::BTreeMap;
use std::time::SystemTime;

use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;
use webstack_core::{Error, Session};

use crate::reply::{json, no_content};
use crate::{Answer, Failure, input};

/// `GET /api/session`: what there is to know, creating nothing.
///
/// # Errors
///
/// If the session fails.
pub fn overview(session: &Session, environment: &str) -> Answer {
    #[derive(Serialize)]
    struct Overview<'a> {
        environment: &'a str,
        id: Option<String>,
        is_new: bool,
        was_invalidated: bool,
        created: Option<String>,
        accessed: Option<String>,
        user: Option<String>,
        values: BTreeMap<String, Box<RawValue>>,
    }
    Ok(json(&Overview {
        environment,
        id: session.id()?.map(|id| id.to_string()),
        is_new: session.is_new()?,
        was_invalidated: session.was_invalidated()?,
        created: session.created()?.map(rfc3339),
        accessed: session.accessed()?.map(rfc3339),
        user: session.user()?,
        values: all(session)?,
    }))
}

/// `GET /api/values/{key}`: one value, null where there is none.
///
/// # Errors
///
/// If the session fails.
pub fn get(session: &Session, key: &str) -> Answer {
    Ok(json(&Value { value: session.get::<Box<RawValue>>(key)? }))
}

/// `PUT /api/values/{key}`: sets a value to the JSON body, kept as it is written.
///
/// # Errors
///
/// 400 if the body is not JSON, 413 if the session becomes too large, and if the session fails.
pub fn put(session: &Session, key: &str, body: &[u8]) -> Answer {
    session.insert(key, input::json(body)?)?;
    Ok(no_content())
}

/// `DELETE /api/values/{key}`.
///
/// # Errors
///
/// If the session fails.
pub fn remove(session: &Session, key: &str) -> Answer {
    session.remove(key)?;
    Ok(no_content())
}

/// `POST /api/increment/{key}`: adds 1, at once and exactly, however many do so at the same time.
///
/// # Errors
///
/// 422 if the value is not a whole number, and if the session fails.
pub async fn increment(session: &Session, key: &str) -> Answer {
    whole_number(session.apply(key, |n: Option<i64>| n.unwrap_or(0).saturating_add(1)).await)
}

/// The number as an answer, or why there is none.
pub(crate) fn whole_number(value: Result<i64, Error>) -> Answer {
    match value {
        Ok(value) => Ok(json(&Value { value })),
        Err(Error::Value(_)) => {
            Err(Failure::Request { status: StatusCode::UNPROCESSABLE_ENTITY, why: "the value is not a whole number" })
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Serialize)]
struct Value<T> {
    value: T,
}

/// All values, in the order of their keys.
pub(crate) fn all(session: &Session) -> Result<BTreeMap<String, Box<RawValue>>, Error> {
    let mut values = BTreeMap::new();
    for key in session.keys()? {
        if let Some(value) = session.get(&key)? {
            values.insert(key, value);
        }
    }
    Ok(values)
}

/// A time in UTC, as RFC 3339 writes it; the ends of the calendar stand for what is beyond them.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(rfc3339(SystemTime::UNIX_EPOCH + Duration::from_millis(1_500)), "1970-01-01T00:00:01.5Z");
    }
}
