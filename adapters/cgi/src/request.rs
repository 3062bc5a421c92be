//! The variables of a CGI program as a request (RFC 3875 §4.1).

use http::header::{CONTENT_TYPE, COOKIE, HeaderName, HeaderValue};
use http::{HeaderMap, Request, StatusCode, Version};
use webstack_core::RequestHead;

use crate::cookies;
use crate::target::Target;
use crate::variables::Variables;

/// What a server asks of the program, without the body.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) request: Request<()>,
    /// The path prefix under which the program stands, percent-encoded.
    pub(crate) mount: String,
    tls: bool,
}

impl Arrived {
    /// Translates the variables.
    ///
    /// # Errors
    ///
    /// The status to answer with.
    pub(crate) fn of(variables: &Variables) -> Result<Arrived, StatusCode> {
        let target = Target::of(variables).ok_or(StatusCode::BAD_REQUEST)?;
        let mut request = Request::new(());
        let method = variables.get("REQUEST_METHOD").unwrap_or_default();
        *request.method_mut() = method.try_into().map_err(|_| StatusCode::BAD_REQUEST)?;
        *request.uri_mut() = target.uri;
        *request.version_mut() = version(variables.get("SERVER_PROTOCOL").unwrap_or_default());
        *request.headers_mut() = headers(variables);
        let tls = variables.get("HTTPS").is_some_and(|https| !https.eq_ignore_ascii_case(b"off"));
        Ok(Arrived { request, mount: target.mount, tls })
    }
}

impl RequestHead for Arrived {
    fn header(&self, name: &HeaderName, show: &mut dyn FnMut(&[u8])) {
        for value in self.request.headers().get_all(name) {
            if *name == COOKIE {
                cookies::each(value.as_bytes(), show);
            } else {
                show(value.as_bytes());
            }
        }
    }

    fn method(&self) -> &str {
        self.request.method().as_str()
    }

    fn path_and_query(&self) -> &str {
        self.request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
    }

    fn is_tls(&self) -> bool {
        self.tls
    }

    fn mount(&self) -> &str {
        &self.mount
    }
}

/// Servers write all kinds of things here; nothing depends on it.
fn version(protocol: &[u8]) -> Version {
    match protocol {
        b"HTTP/0.9" => Version::HTTP_09,
        b"HTTP/1.0" => Version::HTTP_10,
        b"HTTP/2" | b"HTTP/2.0" => Version::HTTP_2,
        b"HTTP/3" | b"HTTP/3.0" => Version::HTTP_3,
        _ => Version::HTTP_11,
    }
}

/// Names that clients may not set this way: `HTTP_PROXY` is read by HTTP clients as a setting (CVE-2016-5385), the others
/// have variables of their own, or told of a connection that ended at the server.
const NOT_FIELDS: [&[u8]; 8] = [
    b"PROXY",
    b"CONTENT_LENGTH",
    b"CONTENT_TYPE",
    b"CONNECTION",
    b"KEEP_ALIVE",
    b"TE",
    b"TRANSFER_ENCODING",
    b"UPGRADE",
];

/// No other variable becomes a header: it could not be told from one that the client sent.
fn headers(variables: &Variables) -> HeaderMap {
    let content_type = variables.get("CONTENT_TYPE").map(|value| (&b"CONTENT_TYPE"[..], value));
    let mut headers = HeaderMap::new();
    for (name, value) in variables.fields().filter(|(name, _)| !NOT_FIELDS.contains(name)).chain(content_type) {
        let name: Vec<u8> = name.iter().map(|byte| if *byte == b'_' { b'-' } else { *byte }).collect();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(&name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    debug_assert!(headers.get_all(CONTENT_TYPE).iter().count() <= 1, "the client's own is not taken");
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrived(variables: &[(&str, &[u8])]) -> Result<Arrived, StatusCode> {
        Arrived::of(&variables.iter().map(|(name, value)| (*name, *value)).collect())
    }

    #[test]
    fn variables_of_the_protocol_become_headers_and_no_others() {
        let Arrived { request, .. } = arrived(&[
            ("REQUEST_METHOD", b"POST"),
            ("HTTP_X_REQUESTED_WITH", b"curl"),
            ("HTTP_HOST", b"localhost:80"),
            ("HTTP_PROXY", b"http://evil.test"),
            ("HTTP_CONTENT_LENGTH", b"5"),
            ("HTTP_EMPTY", b""),
            ("HTTP_BAD\u{e9}", b"name"),
            ("HTTP_BAD_VALUE", b"a\nb"),
            ("CONTENT_TYPE", b"text/plain"),
            ("REMOTE_USER", b"ann"),
            ("SERVER_PROTOCOL", b"GOPHER/9"),
        ])
        .expect("a request");
        let mut names: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-type", "host", "x-requested-with"]);
        assert_eq!(request.version(), Version::HTTP_11);
    }

    #[test]
    fn what_is_no_method_is_400() {
        for method in [&b""[..], b"G T", b"\xff"] {
            assert_eq!(arrived(&[("REQUEST_METHOD", method)]).expect_err("no method"), StatusCode::BAD_REQUEST);
        }
    }
}
