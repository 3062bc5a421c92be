//! An HTTP client of a few lines: bytes to a socket and back, so that nothing is hidden.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// A reply, as it came over the wire.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    /// All values of a header; the name is in lower case.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|header| header.0 == name).map(|header| header.1.as_str()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// The session cookie that is set, as `name=value`; insists that there is at most one cookie.
    pub(crate) fn cookie(&self) -> Option<String> {
        let set = self.all("set-cookie");
        assert!(set.len() < 2, "{self:?}");
        set.first().map(|cookie| pair(cookie))
    }
}

/// The `name=value` of a `Set-Cookie` header.
pub(crate) fn pair(set_cookie: &str) -> String {
    set_cookie.split(';').next().unwrap().to_owned()
}

/// The bytes of a request that asks for the connection to be closed after it.
pub(crate) fn request(method: &str, path: &str, cookie: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Sends a request and reads until the server closes; `None` if it closes without a reply.
pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> Option<Reply> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request).unwrap();
    let mut reply = Vec::new();
    // a handler that panicked may reset the connection
    let _ = stream.read_to_end(&mut reply);
    (!reply.is_empty()).then(|| parse(&String::from_utf8(reply).unwrap()))
}

fn parse(reply: &str) -> Reply {
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head and a body");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Reply { status, headers: lines.filter_map(header).collect(), body: body.to_owned() }
}
