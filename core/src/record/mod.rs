//! What is stored of a session: what every request looks at in fixed places, then what few sessions have, then the values,
//! which stay as they are until somebody asks for them.
//!
//! | offset | length | what |
//! |---|---|---|
//! | 0 | 4 | `WSR` and the version of this format |
//! | 4 | 4 | flags: 1, a user signed in; 2, a persistent cookie was sent; 4, there is a user |
//! | 8 | 8 | epoch |
//! | 16 | 32 | digest of the token's secret |
//! | 48 | 8 | created, milliseconds since 1970 |
//! | 56 | 8 | written |
//! | 64 | 8 | when a user signed in; 0 if none did |
//! | 72 | 8 | when the persistent cookie runs out; 0 if none was sent |
//! | 80 | 4 | length of the user's name |
//! | 84 | 4 | length of the details |
//! | 88 | 4 | number of values |
//! | 92 | … | the user's name; the details, a JSON object, if there are any; the values |
//!
//! Numbers are little-endian.

mod head;
mod revision;
mod seen;

pub(crate) use head::Head;
pub(crate) use revision::Revision;
pub(crate) use seen::Record;

/// Why bytes are no record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("it is not a record of this format and version")]
    Form,
    #[error("the details of the record cannot be read")]
    Details(#[from] serde_json::Error),
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::content::Content;
    use crate::values::Item;
    use crate::{Timestamp, Token};

    fn content() -> Content {
        let mut content = Content::default();
        content.set_user(Some("alice"));
        content.extras().label = Some("Firefox on Linux".into());
        for (key, number) in [("cart", 1), ("visits", 2)] {
            content.put(&Item::of(key, &number).expect("a number"), None).expect("it is new");
        }
        content
    }

    fn sample(content: &Content) -> Revision<'_> {
        let digest = Token::generate().expect("a generator").digest("n");
        let mut revision = Revision::first(&digest, Timestamp::from_millis(1_000), content.view());
        revision.set_cookie_expires(Some(Timestamp::from_millis(2_000)));
        revision
    }

    #[test]
    fn a_revision_survives_its_bytes() {
        let content = content();
        let mut revision = sample(&content);
        let read = Record::decode(revision.encode().expect("bytes")).expect("a record");
        assert!(read.view().is_same(content.view()));
        assert_eq!((read.view().user, read.view().values.get("visits")), (Some("alice"), Some(&b"2"[..])));
        let (head, written) = (read.head(), Timestamp::from_millis(1_000));
        assert!(head.digest() == revision.head().digest());
        assert_eq!((head.created(), head.written(), head.signed_in()), (written, written, None));
        assert_eq!(head.cookie_expires(), Some(Timestamp::from_millis(2_000)));
        let mut again = read.revised(read.view());
        assert_eq!(again.encode().expect("bytes"), revision.encode().expect("bytes"));
    }

    #[test]
    fn anything_else_is_an_error_and_never_a_panic() {
        let bytes = sample(&content()).encode().expect("bytes");
        for length in 0..bytes.len() {
            assert!(Record::decode(bytes.slice(..length)).is_err(), "truncated to {length}");
        }
        assert!(Record::decode([&bytes[..], b"x"].concat().into()).is_err(), "one byte too many");
        for foreign in [&b"{}"[..], b"null", &[0; 92], &[0xff; 200], "[".repeat(100_000).as_bytes()] {
            assert!(Record::decode(Bytes::copy_from_slice(foreign)).is_err());
        }
        let (name, flags) = (92, 4);
        for (at, byte, what) in [(name, 0xff, "a name that is no text"), (flags, 0, "a name of nobody's")] {
            let mut changed = bytes.to_vec();
            changed[at] = byte;
            assert!(Record::decode(changed.into()).is_err(), "{what}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(record) = Record::decode(flipped.into()) {
                let _ = record.revised(Content::of(record.view()).view()).encode();
            }
        }
    }
}
