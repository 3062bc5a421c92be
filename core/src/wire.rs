//! The text in which a token travels: by itself, signed, or as a ticket for a session that does not exist yet.
//!
//! | text | length |
//! |---|---|
//! | `TOKEN` | 64 |
//! | `TOKEN.SIGNATURE` | 108 |
//! | `TOKEN.ISSUED.SIGNATURE`, a ticket | 117 |
//!
//! With keys only signed texts are taken, without keys only plain ones.

use crate::keyring::{Keyring, MAC_TEXT};
use crate::token::TOKEN_TEXT;
use crate::{Timestamp, Token};

/// The digits of a ticket's time: seconds since 1970, hexadecimal.
const TIME_TEXT: usize = 8;

const SIGNED_TEXT: usize = TOKEN_TEXT + 1 + MAC_TEXT;

const TICKET_TEXT: usize = SIGNED_TEXT + 1 + TIME_TEXT;

/// The longest text that can be one of a token's.
pub(crate) const LONGEST: usize = TICKET_TEXT;

/// Writes and reads tokens.
#[derive(Debug)]
pub(crate) struct Wire {
    keyring: Keyring,
    /// What signatures are bound to, besides the token.
    namespace: String,
}

/// A token as it was read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) token: Token,
    /// It was signed with a key that signs no more.
    pub(crate) is_outdated: bool,
    /// It is a ticket, issued then.
    pub(crate) issued: Option<Timestamp>,
}

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It has another form.
    Malformed,
    /// It has the form, and none of the keys signed it.
    Forged,
}

impl Wire {
    pub(crate) fn new(keyring: Keyring, namespace: &str) -> Self {
        Wire { keyring, namespace: namespace.to_owned() }
    }

    pub(crate) fn has_keys(&self) -> bool {
        !self.keyring.is_empty()
    }

    /// True if a text of this length may be a token; nothing else is worth keeping for a closer look.
    #[inline]
    pub(crate) fn may_be_token(&self, text: &[u8]) -> bool {
        match text.len() {
            TOKEN_TEXT => self.keyring.is_empty(),
            SIGNED_TEXT | TICKET_TEXT => !self.keyring.is_empty(),
            _ => false,
        }
    }

    pub(crate) fn token(&self, token: &Token) -> String {
        self.signed(token.expose())
    }

    /// The text of a token for a session that begins with the first thing put into it.
    pub(crate) fn ticket(&self, token: &Token, issued: Timestamp) -> String {
        self.signed(format!("{}.{:08x}", token.expose(), seconds(issued)))
    }

    fn signed(&self, text: String) -> String {
        match self.keyring.sign(&self.parts(text.as_bytes())) {
            Some(signature) => format!("{text}.{signature}"),
            None => text,
        }
    }

    #[inline]
    pub(crate) fn read(&self, text: &[u8]) -> Result<Read, Unreadable> {
        if !self.may_be_token(text) {
            return Err(Unreadable::Malformed);
        }
        let (signed, key) = match text.len() {
            TOKEN_TEXT => (text, 0),
            length => {
                let (signed, signature) = text.split_at(length - MAC_TEXT);
                let signed = signed.strip_suffix(b".").ok_or(Unreadable::Malformed)?;
                (signed, self.keyring.verify(&self.parts(signed), signature).ok_or(Unreadable::Forged)?)
            }
        };
        let (token, issued) = signed.split_at(TOKEN_TEXT);
        let token = Token::parse(token).ok_or(Unreadable::Malformed)?;
        let issued = if issued.is_empty() { None } else { Some(read_time(issued).ok_or(Unreadable::Malformed)?) };
        Ok(Read { token, is_outdated: key > 0, issued })
    }

    /// What is signed: no two namespaces and texts make the same bytes.
    fn parts<'a>(&'a self, text: &'a [u8]) -> [&'a [u8]; 4] {
        [b"webstack token 1\0", self.namespace.as_bytes(), b"\0", text]
    }
}

fn seconds(time: Timestamp) -> u32 {
    u32::try_from(time.as_millis() / 1_000).unwrap_or(u32::MAX)
}

fn read_time(text: &[u8]) -> Option<Timestamp> {
    let digits = std::str::from_utf8(text.strip_prefix(b".")?).ok()?;
    let plain = digits.len() == TIME_TEXT && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let seconds = u32::from_str_radix(digits, 16).ok().filter(|_| plain)?;
    Some(Timestamp::from_millis(u64::from(seconds) * 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningKey;

    const NOON: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn wire(keys: &[&str]) -> Wire {
        let keys = keys.iter().map(|key| SigningKey::new(key.repeat(32)).expect("a key"));
        Wire::new(Keyring::new(keys), "shop")
    }

    fn token() -> Token {
        Token::generate().expect("a generator")
    }

    #[test]
    fn each_text_has_its_length_and_is_read_again() {
        let token = token();
        let (plain, signing) = (wire(&[]), wire(&["a"]));
        let texts = [plain.token(&token), signing.token(&token), signing.ticket(&token, NOON)];
        assert_eq!(texts.each_ref().map(String::len), [TOKEN_TEXT, SIGNED_TEXT, TICKET_TEXT]);
        for (wire, text, issued) in
            [(&plain, &texts[0], None), (&signing, &texts[1], None), (&signing, &texts[2], Some(NOON))]
        {
            let read = wire.read(text.as_bytes()).expect("a token");
            assert_eq!((read.token.id(), read.issued, read.is_outdated), (token.id(), issued, false));
        }
    }

    #[test]
    fn with_keys_nothing_unsigned_is_taken_and_without_keys_nothing_signed() {
        let token = token();
        assert_eq!(wire(&["a"]).read(wire(&[]).token(&token).as_bytes()).err(), Some(Unreadable::Malformed));
        assert_eq!(wire(&[]).read(wire(&["a"]).token(&token).as_bytes()).err(), Some(Unreadable::Malformed));
    }

    #[test]
    fn a_changed_or_foreign_text_is_forged() {
        let text = wire(&["a"]).ticket(&token(), NOON);
        let other = Wire::new(Keyring::new([SigningKey::new("a".repeat(32)).expect("a key")]), "admin");
        assert_eq!(other.read(text.as_bytes()).err(), Some(Unreadable::Forged), "a namespace of its own");
        assert_eq!(wire(&["b"]).read(text.as_bytes()).err(), Some(Unreadable::Forged));
        for position in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            assert!(wire(&["a"]).read(&changed).is_err(), "byte {position}");
        }
    }

    #[test]
    fn an_older_key_is_told() {
        let text = wire(&["a"]).token(&token());
        assert!(wire(&["b", "a"]).read(text.as_bytes()).expect("a token").is_outdated);
    }
}
