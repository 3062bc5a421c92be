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

    /// The path and query of a target, with this token as the last parameter and any other token removed.
    pub(crate) fn with(&self, target: &str, text: &str) -> String {
        let (path, query) = split(target);
        let mut url = same_origin(path);
        url.push('?');
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty() && self.value(parameter).is_none()) {
            url.push_str(parameter);
            url.push('&');
        }
        url.push_str(&self.name);
        url.push('=');
        url.push_str(text);
        url
    }

    /// A link with the token, if it is a path of this origin; `None` for anything that could lead to another one.
    pub(crate) fn link(&self, to: &str, text: &str) -> Option<String> {
        let (target, fragment) = to.split_once('#').map_or((to, None), |(target, fragment)| (target, Some(fragment)));
        let bytes = target.as_bytes();
        // Browsers take a backslash for a slash, and drop line breaks and tabs before they look (WHATWG URL §4.4).
        let leads_elsewhere = bytes.first() != Some(&b'/')
            || matches!(bytes.get(1), Some(b'/' | b'\\'))
            || bytes.iter().any(|byte| byte.is_ascii_control() || *byte == b' ');
        if leads_elsewhere {
            return None;
        }
        let mut link = self.with(target, text);
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
        for elsewhere in
            ["", "a", "//evil.test", "/\\evil.test", "https://evil.test/", "/\t/evil.test", "\\\\evil", "/a b"]
        {
            assert_eq!(carrier().link(elsewhere, "T"), None, "{elsewhere:?}");
        }
    }
}
