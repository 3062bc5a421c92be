//! The small view of a request that the engine needs.

use http::HeaderMap;
use http::header::{HOST, HeaderName};

/// What an adapter shows the engine of a request.
///
/// Frameworks disagree on their request types, and converting a whole request costs more than all that the engine
/// does with it. So the engine asks for the few things it needs, as bytes. [`http::request::Parts`] and
/// [`http::Request`] are request heads already.
///
/// ```
/// use webstack_core::RequestHead;
///
/// let request = http::Request::get("/cart?page=2").header("cookie", "a=1").header("cookie", "b=2").body(()).unwrap();
/// let mut cookies = Vec::new();
/// request.header(&http::header::COOKIE, &mut |value| cookies.push(value.to_vec()));
/// assert_eq!(cookies, [b"a=1", b"b=2"]);
/// assert_eq!(request.mount(), "");
/// ```
pub trait RequestHead {
    /// Shows every value of a header, in order. A framework with names of its own compares them with `name.as_str()`, which is in lower
    /// case, in whatever case its own are.
    fn header(&self, name: &HeaderName, show: &mut dyn FnMut(&[u8]));

    /// The method, in capital letters as it was sent.
    fn method(&self) -> &str;

    /// Path and query as the client wrote them, whatever prefix routers took off since.
    fn path_and_query(&self) -> &str;

    /// True if the request came over TLS to this server. A proxy's word (`Forwarded` and its kin) does not count.
    fn is_tls(&self) -> bool;

    /// The path prefix that the application is mounted on, without a slash at its end; empty for the root.
    fn mount(&self) -> &str;
}

impl<B> RequestHead for http::Request<B> {
    fn header(&self, name: &HeaderName, show: &mut dyn FnMut(&[u8])) {
        show_all(self.headers(), name, show);
    }

    fn method(&self) -> &str {
        self.method().as_str()
    }

    fn path_and_query(&self) -> &str {
        target_of(self.uri())
    }

    fn is_tls(&self) -> bool {
        self.uri().scheme() == Some(&http::uri::Scheme::HTTPS)
    }

    fn mount(&self) -> &str {
        ""
    }
}

impl RequestHead for http::request::Parts {
    fn header(&self, name: &HeaderName, show: &mut dyn FnMut(&[u8])) {
        show_all(&self.headers, name, show);
    }

    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn path_and_query(&self) -> &str {
        target_of(&self.uri)
    }

    fn is_tls(&self) -> bool {
        self.uri.scheme() == Some(&http::uri::Scheme::HTTPS)
    }

    fn mount(&self) -> &str {
        ""
    }
}

fn target_of(uri: &http::Uri) -> &str {
    uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
}

fn show_all(headers: &HeaderMap, name: &HeaderName, show: &mut dyn FnMut(&[u8])) {
    if headers.len() == headers.keys_len() {
        // Hardly any request repeats a header: there is one value at most.
        headers.get(name).into_iter().for_each(|value| show(value.as_bytes()));
    } else {
        headers.get_all(name).iter().for_each(|value| show(value.as_bytes()));
    }
}

/// True if the request was sent to this machine by name or number: browsers keep Secure cookies there without TLS.
pub(crate) fn is_for_this_machine(head: &dyn RequestHead) -> bool {
    let mut local = true;
    head.header(&HOST, &mut |value| local = is_loopback(value));
    local
}

const LOCALHOST: &[u8] = b"localhost";

fn is_loopback(host: &[u8]) -> bool {
    // Most hosts are neither, and each request has one: nothing is parsed that need not be.
    if !matches!(host, [b'[', ..] | [b'1', b'2', b'7', b'.', ..]) {
        let has_port = matches!(host.last(), Some(b'0'..=b'9' | b':'));
        let port = if has_port { memchr::memrchr(b':', host) } else { None }.unwrap_or(host.len());
        let name = host[..port].strip_suffix(b".").unwrap_or(&host[..port]);
        let Some(before) = name.len().checked_sub(LOCALHOST.len()) else { return false };
        return name[before..].eq_ignore_ascii_case(LOCALHOST) && (before == 0 || name[..before].ends_with(b"."));
    }
    let Ok(host) = std::str::from_utf8(host) else { return false };
    match host.strip_prefix('[') {
        Some(v6) => {
            let address = v6.split(']').next().unwrap_or("");
            address.parse::<std::net::Ipv6Addr>().is_ok_and(|address| address.is_loopback())
        }
        None => {
            let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
            name.trim_end_matches('.').parse::<std::net::Ipv4Addr>().is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn loopback_is_known_by_name_and_number() {
        for host in [
            "localhost",
            "localhost:",
            "LOCALHOST:80",
            "a.localhost:1",
            "a.localhost.",
            "127.0.0.1:8000",
            "127.9.9.9",
            "[::1]:80",
            "[::1]",
        ] {
            assert!(is_loopback(host.as_bytes()), "{host}");
        }
        for host in ["example.test", "localhost.example.test", "10.0.0.1:80", "", "[", "notlocalhost", "[::2]:80"] {
            assert!(!is_loopback(host.as_bytes()), "{host}");
        }
        assert!(!is_loopback(b"\xff"));
    }
}
