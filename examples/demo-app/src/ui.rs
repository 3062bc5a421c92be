//! What the page's forms do: the same as the routes, and back to the page.

use bytes::Bytes;
use http::header::{HeaderValue, LOCATION};
use http::{Response, StatusCode};
use webstack_core::Session;

use crate::input::Form;
use crate::{Answer, Failure, Reply, flash, lifecycle, page, users, values};

/// `POST /ui/{action}`: does it and answers 303 to the page, or a page that says why not.
///
/// The redirect is relative, so it works wherever the application is mounted.
pub async fn act(session: &Session, action: &str, form: &[u8]) -> Reply {
    let done = run(session, action, &Form::parse(form)).await;
    // a session that cannot be asked carries nothing
    let back = session.link(PAGE).unwrap_or_else(|_| PAGE.to_owned());
    if let Err(failure) = done {
        return page::failed(failure, &back);
    }
    let mut reply = Response::new(Bytes::new());
    *reply.status_mut() = StatusCode::SEE_OTHER;
    reply.headers_mut().insert(LOCATION, HeaderValue::try_from(back).unwrap_or(HeaderValue::from_static(PAGE)));
    reply
}

/// The page, as seen from an action.
const PAGE: &str = "../";

async fn run(session: &Session, action: &str, form: &Form<'_>) -> Answer {
    let key = || form.field("key", "Please give the value a name.");
    match action {
        "set" => values::put(session, key()?, json(form.text("value")).as_bytes()),
        "increment" => values::increment(session, key()?).await,
        "remove" => values::remove(session, key()?),
        "flash" => flash::add(session, form.field("text", "Please say something.")?),
        "login" => lifecycle::login(session, form.field("user", "Please say who you are.")?),
        "logout" => lifecycle::logout(session),
        "logout-everywhere" => users::logout_everywhere(session).await,
        "renew" => lifecycle::renew(session),
        "invalidate" => lifecycle::invalidate(session),
        "delete" => lifecycle::delete(session),
        "clear" => lifecycle::clear(session),
        _ => Err(Failure::Request { status: StatusCode::NOT_FOUND, why: "There is no such action." }),
    }
}

/// What a person typed, as JSON: what is JSON already stays as it is, everything else is a text.
fn json(typed: &str) -> String {
    match crate::input::json(typed.as_bytes()) {
        Ok(value) => value.get().to_owned(),
        Err(_) => serde_json::Value::from(typed).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_json_is_json_and_the_rest_is_text() {
        for (typed, stored) in [
            ("42", "42"),
            (" true ", "true"),
            (r#"{"a": [1]}"#, r#"{"a": [1]}"#),
            ("hello", r#""hello""#),
            ("", r#""""#),
            ("\"open", r#""\"open""#),
            ("1 2", r#""1 2""#),
        ] {
            assert_eq!(json(typed), stored, "{typed:?}");
        }
    }
}
