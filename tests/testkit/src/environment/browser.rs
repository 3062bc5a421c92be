//! A client that does with cookies what a test wants, and nothing by itself.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use serde_json::Value;
use ureq::Agent;

use super::Answer;

/// A client with a cookie jar. It keeps what it is sent and sends it back, whatever its attributes; a clone has a jar of
/// its own, so that an old token can be presented later.
///
/// Redirects are not followed, and each request has a connection of its own.
#[derive(Clone, Debug)]
pub struct Browser {
    agent: Agent,
    url: String,
    jar: Vec<(String, String)>,
}

impl Browser {
    /// A browser without cookies; paths are relative to this URL.
    pub fn new(url: &str) -> Self {
        Self::with_idle_connections(url, 0)
    }

    /// One that uses a connection again, for many requests in a row.
    pub fn keeping_alive(url: &str) -> Self {
        Self::with_idle_connections(url, 1)
    }

    fn with_idle_connections(url: &str, idle: usize) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .max_idle_connections(idle)
            .timeout_global(Some(Duration::from_secs(60)))
            .max_response_header_size(256 << 10)
            .build();
        Browser { agent: Agent::new_with_config(config), url: url.to_owned(), jar: Vec::new() }
    }

    /// The same browser, cookies included, before another server.
    #[must_use]
    pub fn at(&self, url: &str) -> Self {
        Browser { url: url.to_owned(), ..self.clone() }
    }

    /// GET.
    #[track_caller]
    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// POST without a body.
    #[track_caller]
    pub fn post(&mut self, path: &str) -> Answer {
        self.send("POST", path, &[], b"")
    }

    /// PUT with a JSON body.
    #[track_caller]
    pub fn put(&mut self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    /// Any request. A `cookie` header among the headers takes the place of the jar's.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    #[track_caller]
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        match self.try_send(method, path, headers, body) {
            Ok(answer) => answer,
            Err(error) => panic!("{method} {path}: no answer: {error}"),
        }
    }

    /// Any request, which may go unanswered.
    ///
    /// # Errors
    ///
    /// If there is no answer.
    ///
    /// # Panics
    ///
    /// If it cannot be written as a request.
    pub fn try_send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let given = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("cookie"));
        if let Some(cookies) = self.cookie_header().filter(|_| !given) {
            request = request.header("cookie", cookies);
        }
        let response = match method {
            "GET" | "HEAD" | "DELETE" => self.agent.run(request.body(()).expect("a request")),
            _ => self.agent.run(request.body(body).expect("a request")),
        }?;
        let (parts, mut body) = response.into_parts();
        let answer = Answer {
            request: format!("{method} {path}"),
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.with_config().limit(16 << 20).read_to_vec()?,
        };
        self.learn(&answer);
        Ok(answer)
    }

    fn learn(&mut self, answer: &Answer) {
        for cookie in answer.set_cookies() {
            self.jar.retain(|(name, _)| *name != cookie.name);
            if !cookie.is_removal() {
                self.jar.push((cookie.name, cookie.value));
            }
        }
    }

    /// The value of the `Cookie` header that the jar makes; `None` while it is empty.
    pub fn cookie_header(&self) -> Option<String> {
        let pairs: Vec<_> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The session token in the jar.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn token(&self) -> &str {
        let ours = self.jar.iter().find(|(name, _)| name.ends_with("webstack_session"));
        &ours.expect("the browser has a session").1
    }

    /// The path prefix of the application, without a slash at its end; empty for the root.
    pub fn mount(&self) -> &str {
        let rest = self.url.strip_prefix("http://").unwrap_or(&self.url);
        rest.find('/').map_or("", |slash| &rest[slash..])
    }

    /// The public id of the session, as the server tells it.
    ///
    /// # Panics
    ///
    /// If it does not answer.
    #[track_caller]
    pub fn session(&mut self) -> Value {
        self.get("/api/session").expect(200).json()
    }

    /// Sends bytes as they are, with `{path}` and `{host}` replaced by the path and the host of the server, and
    /// reads until the connection is closed.
    ///
    /// # Errors
    ///
    /// If the connection fails before there is an answer.
    pub fn raw(&self, method: &str, path: &str, headers: &[&[u8]]) -> io::Result<Answer> {
        let mut stream = self.begin(method, path, headers)?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        parse(format!("{method} {path}"), &bytes)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not an HTTP response"))
    }

    /// Sends a request of these header lines, as bytes, and leaves the connection to the caller.
    ///
    /// # Errors
    ///
    /// If the connection fails.
    pub fn begin(&self, method: &str, path: &str, headers: &[&[u8]]) -> io::Result<TcpStream> {
        let rest = self.url.strip_prefix("http://").unwrap_or(&self.url);
        let (host, mount) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let mut request =
            format!("{method} {mount}{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n").into_bytes();
        for header in headers {
            request.extend_from_slice(header);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"content-length: 0\r\n\r\n");
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.write_all(&request)?;
        Ok(stream)
    }
}

/// A response to a request with `connection: close`. Its body is kept as it came, chunks and all.
fn parse(request: String, bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let mut lines = bytes[..end].split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let status = std::str::from_utf8(lines.next()?).ok()?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        headers.append(HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    Some(Answer { request, status, headers, body: bytes[end + 4..].to_vec() })
}
