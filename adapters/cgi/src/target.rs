//! Which URI was asked for, and which part of it is the program's own.

use std::fmt::Write as _;

use http::Uri;

use crate::variables::Variables;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Target {
    /// Path and query, percent-encoded.
    pub(crate) uri: Uri,
    /// The beginning of the path that names the program: `SCRIPT_NAME`, percent-encoded, without a slash at its end.
    pub(crate) mount: String,
}

impl Target {
    /// `None` if no URI can be made of the variables.
    ///
    /// `REQUEST_URI` is no variable of CGI's but most servers set it, and it alone tells `/` from `%2F`. It is believed if
    /// it decodes to `SCRIPT_NAME` and `PATH_INFO`: some servers put something else there, and rewriting changes those two.
    pub(crate) fn of(variables: &Variables) -> Option<Target> {
        let script = trim_end(variables.get("SCRIPT_NAME").unwrap_or_default());
        let info = variables.get("PATH_INFO").unwrap_or_default();
        let asked = variables.get("REQUEST_URI").map(path_of);
        let (mount, rest) = asked
            .and_then(|asked| split(asked, script, info))
            .unwrap_or_else(|| (encode(script, Percent::Literal), encode(info, Percent::Literal)));
        let mut text = mount.clone();
        let is_complete = rest.starts_with('/') || (rest.is_empty() && mount.starts_with('/'));
        if !is_complete {
            text.push('/');
        }
        text.push_str(&rest);
        if let Some(query) = variables.get("QUERY_STRING") {
            text.push('?');
            text.push_str(&encode(query, Percent::Kept));
        }
        Some(Target { uri: text.parse().ok()?, mount })
    }
}

fn trim_end(mut path: &[u8]) -> &[u8] {
    while let Some(shorter) = path.strip_suffix(b"/") {
        path = shorter;
    }
    path
}

/// The path of a request target, which may be a whole URL.
fn path_of(target: &[u8]) -> &[u8] {
    let target = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    let Some(scheme) = target.windows(3).position(|three| three == b"://").filter(|_| !target.starts_with(b"/")) else {
        return target;
    };
    let rest = &target[scheme + 3..];
    rest.iter().position(|byte| *byte == b'/').map_or(b"/", |slash| &rest[slash..])
}

/// Divides an encoded path into what decodes to `script` and what decodes to `info`; `None` if it does not.
fn split(mut asked: &[u8], script: &[u8], info: &[u8]) -> Option<(String, String)> {
    let mut parts = [String::new(), String::new()];
    for (part, mut expected) in parts.iter_mut().zip([script, info]) {
        while let Some((first, rest)) = expected.split_first() {
            let (byte, length) = decode(asked)?;
            let (encoded, behind) = asked.split_at(length);
            expected = match expected.get(..3) {
                // Apache can be told to leave an encoded slash as it is, and decode the rest.
                Some(three) if byte == b'/' && three.eq_ignore_ascii_case(encoded) => &expected[3..],
                _ if byte == *first => rest,
                _ => return None,
            };
            part.push_str(&encode(encoded, if length == 3 { Percent::Kept } else { Percent::Literal }));
            asked = behind;
        }
    }
    let [mount, rest] = parts;
    asked.is_empty().then_some((mount, rest))
}

/// The first byte that an encoded text stands for, and how many it takes.
fn decode(text: &[u8]) -> Option<(u8, usize)> {
    let digit = |index: usize| text.get(index).and_then(|digit| char::from(*digit).to_digit(16));
    let first = *text.first()?;
    match (first, digit(1), digit(2)) {
        (b'%', Some(high), Some(low)) => u8::try_from(high * 16 + low).ok().map(|byte| (byte, 3)),
        _ => Some((first, 1)),
    }
}

/// What a percent sign is.
#[derive(Clone, Copy, PartialEq)]
enum Percent {
    /// A character like others, to be encoded.
    Literal,
    /// The beginning of what is encoded already.
    Kept,
}

/// Encodes what may not stand in a path or a query.
fn encode(bytes: &[u8], percent: Percent) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => text.push(byte.into()),
            b'-' | b'.' | b'_' | b'~' | b'/' | b':' | b'@' | b'!' | b'$' | b'&' => text.push(byte.into()),
            b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => text.push(byte.into()),
            b'%' | b'?' if percent == Percent::Kept => text.push(byte.into()),
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The URI and the mount that are made of these variables.
    fn target(variables: &[(&str, &[u8])]) -> (String, String) {
        let variables = variables.iter().map(|(name, value)| (*name, *value)).collect();
        let target = Target::of(&variables).expect("a URI");
        (target.uri.to_string(), target.mount)
    }

    fn pair(uri: &str, mount: &str) -> (String, String) {
        (uri.to_owned(), mount.to_owned())
    }

    #[test]
    fn the_request_uri_tells_an_encoded_slash_from_a_slash() {
        let script = ("SCRIPT_NAME", &b"/cgi-bin/a"[..]);
        let asked =
            [script, ("PATH_INFO", b"/x/y z"), ("REQUEST_URI", b"/cgi-bin/a/x%2fy%20z?q"), ("QUERY_STRING", b"q")];
        assert_eq!(target(&asked), pair("/cgi-bin/a/x%2fy%20z?q", "/cgi-bin/a"));
        assert_eq!(target(&asked[..2]), pair("/cgi-bin/a/x/y%20z", "/cgi-bin/a"), "without it, as well as can be");
        let half = [script, ("PATH_INFO", &b"/a%2Fb%2F"[..]), ("REQUEST_URI", b"/cgi-bin/a/a%2fb%252F")];
        assert_eq!(target(&half), pair("/cgi-bin/a/a%2fb%252F", "/cgi-bin/a"), "Apache's NoDecode");
        let whole = [script, ("PATH_INFO", b"/x"), ("REQUEST_URI", b"http://localhost/cgi-bin/a/%78")];
        assert_eq!(target(&whole), pair("/cgi-bin/a/%78", "/cgi-bin/a"));
    }

    #[test]
    fn a_request_uri_of_another_path_is_not_believed() {
        let script = ("SCRIPT_NAME", &b"/a"[..]);
        for uri in [&b"/rewritten"[..], b"/a/x/more", b"/a", b"", b"*", b"/a/X", b"//a/x", b"http://"] {
            assert_eq!(target(&[script, ("PATH_INFO", b"/x"), ("REQUEST_URI", uri)]), pair("/a/x", "/a"));
        }
        // decoded once by the server: what it stands for is not what it says
        let decoded = [script, ("PATH_INFO", &b"/%41"[..]), ("REQUEST_URI", b"/a/%41")];
        assert_eq!(target(&decoded), pair("/a/%2541", "/a"));
        let spaces = [script, ("PATH_INFO", &b"/x y%z"[..]), ("REQUEST_URI", b"/a/x y%z?q")];
        assert_eq!(target(&spaces), pair("/a/x%20y%25z", "/a"));
    }

    #[test]
    fn bytes_that_are_no_text_are_encoded() {
        let bytes = [("SCRIPT_NAME", &b"/a b"[..]), ("PATH_INFO", b"/\xff?#"), ("QUERY_STRING", b"\xe9=%41 \"?")];
        assert_eq!(target(&bytes), pair("/a%20b/%FF%3F%23?%E9=%41%20%22?", "/a%20b"));
    }

    #[test]
    fn nothing_at_all_is_the_root() {
        assert_eq!(target(&[]), pair("/", ""));
        assert_eq!(target(&[("SCRIPT_NAME", b"/")]), pair("/", ""));
        assert_eq!(target(&[("SCRIPT_NAME", b"/"), ("PATH_INFO", b"/x")]), pair("/x", ""));
        assert_eq!(target(&[("SCRIPT_NAME", b"/a")]), pair("/a", "/a"));
        assert_eq!(target(&[("SCRIPT_NAME", b"/a"), ("PATH_INFO", b"/")]), pair("/a/", "/a"));
    }
}
