//! A response on standard output (RFC 3875 §6).

use std::io::{self, Write};

use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, PROXY_AUTHENTICATE, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use webstack_core::app::Response;

/// What the server does between itself and the client is not the program's to say.
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Whether the document itself is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Document {
    Whole,
    /// The request was HEAD.
    HeadOnly,
}

/// Writes a response, the body as it comes.
///
/// # Errors
///
/// What standard output says, or that the body broke off or is not as long as it said.
pub(crate) async fn write(response: Response, document: Document, out: &mut impl Write) -> io::Result<()> {
    let (parts, mut body) = response.into_parts();
    let length = body.size_hint().exact();
    let mut head = head(parts.status, parts.headers, length, document);
    if document == Document::HeadOnly || !has_document(parts.status) {
        out.write_all(&head)?;
        return out.flush();
    }
    let mut written = 0;
    while let Some(frame) = body.frame().await {
        // The head is not written before there is something of the body, and then with it. Trailers have no place here.
        let data = frame.map_err(io::Error::other)?.into_data().unwrap_or_default();
        written += data.len() as u64;
        if length.is_some_and(|length| written > length) {
            return Err(io::Error::other("the body is longer than it said"));
        }
        if head.is_empty() {
            out.write_all(&data)?;
        } else {
            head.extend_from_slice(&data);
            out.write_all(&head)?;
            head.clear();
        }
        out.flush()?;
    }
    out.write_all(&head)?;
    out.flush()?;
    match length {
        Some(length) if length != written => Err(io::Error::other("the body is shorter than it said")),
        _ => Ok(()),
    }
}

/// Everything before the body.
fn head(status: StatusCode, mut headers: HeaderMap, length: Option<u64>, document: Document) -> Vec<u8> {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    if !has_document(status) {
        headers.remove(CONTENT_LENGTH);
    } else {
        // RFC 3875 §6.3.1 wants one on every document. Text is what an application writes that says nothing of it, and what
        // browsers show and never run.
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("text/plain; charset=utf-8"));
        // HEAD tells the length that GET would have, and only the application knows that.
        if document == Document::Whole {
            match length {
                Some(length) => drop(headers.insert(CONTENT_LENGTH, length.into())),
                None => drop(headers.remove(CONTENT_LENGTH)),
            }
        }
    }
    let reason = status.canonical_reason().unwrap_or("Unknown");
    // First, because servers look at what follows with the status in mind.
    let mut head = format!("Status: {} {reason}\r\n", status.as_u16()).into_bytes();
    for (name, value) in &headers {
        // A server takes it for its own.
        if name == "status" {
            continue;
        }
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn has_document(status: StatusCode) -> bool {
    !(status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED))
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body::Frame;
    use webstack_core::app::Body;
    use webstack_core::runtime::block_on;

    use super::*;

    fn written(response: http::Response<Body>, document: Document) -> String {
        let mut out = Vec::new();
        block_on(write(response, document, &mut out)).expect("it is written");
        String::from_utf8(out).expect("text")
    }

    fn response(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> http::Response<Body> {
        let mut response = http::Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        for (name, value) in headers {
            response.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        response
    }

    #[test]
    fn the_status_comes_first_and_every_value_has_a_line() {
        let text = written(response(200, &[("set-cookie", "a=1"), ("set-cookie", "b=2")], "hello"), Document::Whole);
        let expected = "Status: 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\
                        content-type: text/plain; charset=utf-8\r\ncontent-length: 5\r\n\r\nhello";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_the_server_s_is_left_out() {
        let headers = [("connection", "close"), ("transfer-encoding", "chunked"), ("status", "200"), ("x-a", "b")];
        let text = written(response(303, &headers, ""), Document::Whole);
        assert_eq!(
            text,
            "Status: 303 See Other\r\nx-a: b\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\n\r\n"
        );
    }

    #[test]
    fn where_there_is_no_document_there_is_no_body() {
        for status in [204, 304] {
            let text = written(response(status, &[("content-length", "5")], "hello"), Document::Whole);
            assert!(text.ends_with("\r\n\r\n") && !text.contains("content-"), "{text}");
        }
        let head = response(200, &[("content-length", "5"), ("content-type", "text/html")], "hello");
        let expected = "Status: 200 OK\r\ncontent-length: 5\r\ncontent-type: text/html\r\n\r\n";
        assert_eq!(written(head, Document::HeadOnly), expected);
        assert!(!written(response(200, &[], ""), Document::HeadOnly).contains("content-length"), "nobody knows it");
    }

    #[test]
    fn a_length_is_exact_or_absent() {
        let stated = response(200, &[("content-length", "99")], "hello");
        assert!(written(stated, Document::Whole).contains("content-length: 5\r\n"));
        let unknown = Body::new(Pieces(3));
        let text = written(http::Response::new(unknown), Document::Whole);
        assert!(!text.contains("content-length") && text.ends_with("\r\n\r\nxxx"), "{text}");
    }

    /// So many pieces, and nobody is told how many.
    struct Pieces(u8);

    impl http_body::Body for Pieces {
        type Data = bytes::Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<bytes::Bytes>, Self::Error>>> {
            let Some(left) = self.0.checked_sub(1) else { return Poll::Ready(None) };
            self.0 = left;
            Poll::Ready(Some(Ok(Frame::data("x".into()))))
        }
    }
}
