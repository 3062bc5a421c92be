//! What stands in a request, parsed.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;
use serde_json::value::RawValue;

use crate::Failure;

/// The longest pause that a client may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The pause that a query asks for: `ms=N`, none where it is absent.
pub(crate) fn pause(query: &str) -> Result<Duration, Failure> {
    let Some((_, millis)) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "ms") else {
        return Ok(Duration::ZERO);
    };
    millis
        .parse()
        .ok()
        .map(Duration::from_millis)
        .filter(|pause| *pause <= LONGEST_PAUSE)
        .ok_or(Failure::bad_request("ms is a number of milliseconds from 0 to 60000"))
}

/// A final status, as a path segment names it.
pub(crate) fn status(text: &str) -> Result<StatusCode, Failure> {
    text.parse()
        .ok()
        .filter(|status: &StatusCode| (200..=599).contains(&status.as_u16()))
        .ok_or(Failure::bad_request("a status is a number from 200 to 599"))
}

/// A JSON text, kept as it is written.
pub(crate) fn json(body: &[u8]) -> Result<&RawValue, Failure> {
    serde_json::from_slice(body).map_err(|_| Failure::bad_request("the body is not JSON"))
}

/// The fields of a form, as browsers post them.
#[derive(Debug)]
pub(crate) struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Form<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Self {
        Form(form_urlencoded::parse(body).collect())
    }

    /// A field that has to be there, and filled in.
    pub(crate) fn field(&self, name: &str, missing: &'static str) -> Result<&str, Failure> {
        match self.0.iter().find(|(candidate, _)| candidate == name) {
            Some((_, value)) if !value.is_empty() => Ok(value),
            _ => Err(Failure::bad_request(missing)),
        }
    }

    /// A field that may be empty.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(candidate, _)| candidate == name).map_or("", |(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_a_bounded_number() {
        assert_eq!(pause("").expect("none"), Duration::ZERO);
        assert_eq!(pause("a=b&ms=250").expect("250"), Duration::from_millis(250));
        assert_eq!(pause("ms=60000").expect("the longest"), LONGEST_PAUSE);
        for bad in ["ms=", "ms=x", "ms=-1", "ms=1.5", "ms=60001", "ms=99999999999999999999"] {
            assert_eq!(pause(bad).expect_err(bad).status(), 400, "{bad}");
        }
    }

    #[test]
    fn a_status_is_a_final_one() {
        assert_eq!(status("418").expect("a teapot"), 418);
        for bad in ["", "x", "100", "199", "600", "1000", "2 0", "2000"] {
            assert!(status(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn json_is_kept_as_written() {
        assert_eq!(json(b" [1.50, 1e400]\n").expect("JSON").get(), "[1.50, 1e400]");
        for bad in [&b""[..], b"x", b"1 2", b"\"\xff\"", b"{"] {
            assert!(json(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_form_is_decoded() {
        let form = Form::parse(b"key=a%26b+c&value=&key=second");
        assert_eq!(form.field("key", "missing").expect("a key"), "a&b c");
        assert_eq!(form.field("value", "missing").expect_err("empty").to_string(), "missing");
        assert!(form.field("other", "missing").is_err());
        assert_eq!((form.text("value"), form.text("other")), ("", ""));
    }
}
