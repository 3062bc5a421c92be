//! The token in the query of a URL, for clients that keep no cookies.
//!
//! Queries are looked at as the client wrote them, byte by byte: parameters stay in order and as they were spelt, and no
//! other spelling of our name is taken.

/// Reads and writes the parameter that carries the token.
#[derive(Debug)]
pub(crate) struct QueryCarrier {
    /// The parameter's name, which has no character that would have to be encoded.
    pub(crate) name: String,
}

impl QueryCarrier {
    /// Shows every value of the parameter.
    pub(crate) fn each<'a>(&'a self, target: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let (_, query) = split(target);
        query.split('&').filter_map(|parameter| self.value(parameter)).map(str::as_bytes)
    }

    /// The query of a target, with this token as the last parameter and any other token removed.
    fn push_query(&self, url: &mut String, target: &str, text: &str) {
        let (_, query) = split(target);
        url.push('?');
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty() && self.value(parameter).is_none()) {
            url.push_str(parameter);
            url.push('&');
        }
        url.push_str(&self.name);
        url.push('=');
        url.push_str(text);
    }

    /// The path and query of a target, with this token as the last parameter and any other token removed.
    pub(crate) fn with(&self, target: &str, text: &str) -> String {
        let (path, _) = split(target);
        let mut url = same_origin(path);
        self.push_query(&mut url, target, text);
        url
    }

    /// A link with the token, if it is a path of this origin; `None` for anything that could lead to another one.
    pub(crate) fn link(&self, to: &str, text: &str) -> Option<String> {
        let (target, fragment) = to.split_once('#').map_or((to, None), |(target, fragment)| (target, Some(fragment)));
        if !stays_here(target) {
            return None;
        }
        let (path, _) = split(target);
        let mut link = path.to_owned();
        self.push_query(&mut link, target, text);
        if let Some(fragment) = fragment {
            link.push('#');
            link.push_str(fragment);
        }
        Some(link)
    }

    fn value<'a>(&self, parameter: &'a str) -> Option<&'a str> {
        parameter.strip_prefix(&self.name)?.strip_prefix('=')
    }
}

/// True if it is a path of this origin, absolute or relative (RFC 3986 §4.2), whoever reads it: browsers take a backslash
/// for a slash, and drop line breaks and tabs before they look (WHATWG URL §4.4).
fn stays_here(target: &str) -> bool {
    let (path, _) = split(target);
    let first_segment = path.split('/').next().unwrap_or_default();
    let is_odd = target.bytes().any(|byte| byte.is_ascii_control() || matches!(byte, b' ' | b'\\'));
    (!path.is_empty() || target.starts_with('?')) && !path.starts_with("//") && !first_segment.contains(':') && !is_odd
}

fn split(target: &str) -> (&str, &str) {
    target.split_once('?').unwrap_or((target, ""))
}

/// The path, such that it cannot be read as the name of another host: `//evil.test` is one (RFC 3986 §4.2).
fn same_origin(path: &str) -> String {
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    match path.as_bytes().get(1) {
        Some(b'/' | b'\\') => format!("/.{path}"),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carrier() -> QueryCarrier {
        QueryCarrier { name: "session".into() }
    }

    #[test]
    fn the_token_comes_last_in_place_of_any_other_and_the_rest_stays() {
        for (target, expected) in [
            ("/", "/?session=T"),
            ("/a?", "/a?session=T"),
            ("/a?b=1&a=%2F+", "/a?b=1&a=%2F+&session=T"),
            ("/a?session=old&b=1&session=older&c", "/a?b=1&c&session=T"),
            (
                "/a?xsession=1&session2=2&Session=3&%73ession=4",
                "/a?xsession=1&session2=2&Session=3&%73ession=4&session=T",
            ),
            ("//evil.test/a", "/.//evil.test/a?session=T"),
            ("/\\evil.test/a", "/./\\evil.test/a?session=T"),
            ("", "/?session=T"),
        ] {
            assert_eq!(carrier().with(target, "T"), expected, "{target}");
        }
    }

    #[test]
    fn only_our_parameter_is_read_and_each_of_them() {
        let values: Vec<_> =
            carrier().each("/a?xsession=1&session=2&session&%73ession=4&session=5").map(<[u8]>::to_vec).collect();
        assert_eq!(values, [b"2", b"5"]);
        assert_eq!(carrier().each("/session=1").count(), 0);
    }

    #[test]
    fn links_carry_the_token_within_this_origin_only() {
        assert_eq!(carrier().link("/a?b=1#c?d", "T").as_deref(), Some("/a?b=1&session=T#c?d"));
        assert_eq!(carrier().link("ui/set", "T").as_deref(), Some("ui/set?session=T"));
        assert_eq!(carrier().link("?page=2", "T").as_deref(), Some("?page=2&session=T"));
        assert_eq!(carrier().link("../?a", "T").as_deref(), Some("../?a&session=T"));
        for elsewhere in [
            "",
            "javascript:alert(1)",
            "a:b",
            "//evil.test",
            "/\\evil.test",
            "https://evil.test/",
            "/\t/evil.test",
            "\\\\evil",
            "/a b",
        ] {
            assert_eq!(carrier().link(elsewhere, "T"), None, "{elsewhere:?}");
        }
    }
}
