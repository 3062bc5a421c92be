//! The body of a request, on standard input (RFC 3875 §4.2).

use std::io::{self, ErrorKind, Read};

use bytes::Bytes;
use http::StatusCode;

use crate::variables::Variables;

/// How much of a body that is too large is read all the same, so that the client listens to the answer.
const DRAINED: u64 = 64 << 20;

/// Reads the whole body, from what `open` answers if there is one: who does not ask for standard input needs no room for it.
///
/// Before the first byte of output, because servers that write a body to a program that does not read it, and read its
/// output only then, wait for ever. And not a byte more than was announced, because some never close the pipe.
///
/// # Errors
///
/// The status to answer with; whatever it is, there is nothing left that the server has to get rid of.
pub(crate) fn read<R: Read>(
    variables: &Variables,
    open: impl FnOnce() -> R,
    limit: usize,
) -> Result<Bytes, StatusCode> {
    match Length::of(variables)? {
        Length::None | Length::Exactly(0) => Ok(Bytes::new()),
        Length::Exactly(length) if length > limit as u64 => {
            let _ = io::copy(&mut open().take(length.min(DRAINED)), &mut io::sink());
            Err(StatusCode::PAYLOAD_TOO_LARGE)
        }
        Length::Exactly(length) => {
            let body = collect(open().take(length))?;
            if body.len() as u64 == length { Ok(body) } else { Err(StatusCode::BAD_REQUEST) }
        }
        Length::ToTheEnd => {
            let mut input = open();
            let body = collect(input.by_ref().take(limit as u64 + 1))?;
            if body.len() <= limit {
                return Ok(body);
            }
            let _ = io::copy(&mut input.take(DRAINED), &mut io::sink());
            Err(StatusCode::PAYLOAD_TOO_LARGE)
        }
    }
}

fn collect(mut input: impl Read) -> Result<Bytes, StatusCode> {
    let mut body = Vec::new();
    match input.read_to_end(&mut body) {
        Ok(_) => Ok(body.into()),
        // where there is a length it is found to be short
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(body.into()),
        Err(_) => Err(StatusCode::BAD_REQUEST),
    }
}

#[derive(Debug, PartialEq)]
enum Length {
    None,
    Exactly(u64),
    ToTheEnd,
}

impl Length {
    fn of(variables: &Variables) -> Result<Length, StatusCode> {
        match variables.get("CONTENT_LENGTH") {
            Some(text) if text.iter().all(u8::is_ascii_digit) => {
                // what does not even fit into the number is too large as well
                Ok(Length::Exactly(
                    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(u64::MAX),
                ))
            }
            Some(_) => Err(StatusCode::BAD_REQUEST),
            None if variables.get("HTTP_TRANSFER_ENCODING").is_none() => Ok(Length::None),
            // Apache takes the chunks apart and closes the pipe; that others do cannot be relied on.
            None if is_apache(variables) => Ok(Length::ToTheEnd),
            None => Err(StatusCode::LENGTH_REQUIRED),
        }
    }
}

fn is_apache(variables: &Variables) -> bool {
    variables.get("SERVER_SOFTWARE").is_some_and(|software| software.starts_with(b"Apache"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 10;

    /// The body that is read, and what is left in the pipe.
    fn body(variables: &[(&str, &str)], mut input: &[u8]) -> (Result<Bytes, StatusCode>, usize) {
        let variables = variables.iter().copied().collect();
        let body = read(&variables, || &mut input, LIMIT);
        (body, input.len())
    }

    #[test]
    fn what_was_announced_is_read_and_no_more() {
        assert_eq!(body(&[("CONTENT_LENGTH", "3")], b"abcdef"), (Ok("abc".into()), 3));
        assert_eq!(body(&[("CONTENT_LENGTH", "010")], b"0123456789"), (Ok("0123456789".into()), 0));
        for nothing in [&[][..], &[("CONTENT_LENGTH", "")], &[("CONTENT_LENGTH", "0")]] {
            assert_eq!(body(nothing, b"abc"), (Ok(Bytes::new()), 3));
        }
    }

    #[test]
    fn what_is_not_what_was_announced_is_refused() {
        assert_eq!(body(&[("CONTENT_LENGTH", "4")], b"abc"), (Err(StatusCode::BAD_REQUEST), 0));
        for nonsense in ["+3", "-1", " 3", "3 ", "0x3", "three"] {
            assert_eq!(body(&[("CONTENT_LENGTH", nonsense)], b"abc").0, Err(StatusCode::BAD_REQUEST), "{nonsense}");
        }
    }

    #[test]
    fn what_is_too_large_is_read_away() {
        assert_eq!(body(&[("CONTENT_LENGTH", "11")], b"0123456789a"), (Err(StatusCode::PAYLOAD_TOO_LARGE), 0));
        let endless = "99999999999999999999999999";
        assert_eq!(body(&[("CONTENT_LENGTH", endless)], b"0123456789a"), (Err(StatusCode::PAYLOAD_TOO_LARGE), 0));
    }

    #[test]
    fn chunks_are_read_to_the_end_where_there_is_one() {
        let chunked = ("HTTP_TRANSFER_ENCODING", "chunked");
        assert_eq!(body(&[chunked], b"abc").0, Err(StatusCode::LENGTH_REQUIRED));
        let apache = ("SERVER_SOFTWARE", "Apache/2.4");
        assert_eq!(body(&[chunked, apache], b"abc"), (Ok("abc".into()), 0));
        assert_eq!(body(&[chunked, apache], b"0123456789abc"), (Err(StatusCode::PAYLOAD_TOO_LARGE), 0));
        assert_eq!(body(&[chunked, ("CONTENT_LENGTH", "2")], b"abc"), (Ok("ab".into()), 1));
    }
}
