//! The least that keeps what webstack promises of a session with values, and nothing else that webstack can do.
//!
//! | promise | by what |
//! |---|---|
//! | nothing at rest can be sent as a cookie | a public id, and a digest of the secret that is good in one namespace |
//! | no lost updates | a log of what was written, done again on what others stored meanwhile: compare and set |
//! | logout wins | nothing but the first write of a session brings an entry into being, and an epoch tells logins apart |
//! | sessions end | a deadline in the store, that moves with use, but not with every one |
//! | no store is built in | a contract, and a record that tells its own parts |
//! | no other text is a token | all lines and all cookies are looked at, and names compared byte by byte |
//!
//! No user and none of his other sessions, no renewal, no lock, no messages, no events, no other way for the token than a cookie.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use webstack_core::{Clock as _, SystemClock};

use super::record::{HEAD, LENGTHS, replayed, values};
use super::{ByHand, Number, ReplyHeaders, held};

type Id = [u8; 16];

/// Where sessions are. Moments are in milliseconds since 1970.
trait Store: fmt::Debug + Send + Sync {
    fn load(&self, id: &Id, now: u64) -> Option<Stored>;
    fn create(&self, id: Id, entry: Entry) -> bool;
    /// What stands there, if it is not what was seen; nothing if nothing does.
    fn update(&self, id: &Id, seen: u64, entry: Entry) -> Result<(), Option<Stored>>;
    fn touch(&self, id: &Id, seen: u64, expires: u64);
}

#[derive(Clone, Debug)]
struct Entry {
    bytes: Bytes,
    expires: u64,
}

#[derive(Clone, Debug)]
struct Stored {
    entry: Entry,
    version: u64,
}

/// A handle of a store.
#[derive(Clone, Debug)]
pub(crate) struct Shelf(Arc<dyn Store>);

impl Default for Shelf {
    fn default() -> Self {
        Shelf(Arc::new(Memory::default()))
    }
}

#[derive(Debug, Default)]
struct Memory(Mutex<BTreeMap<Id, Stored>>);

impl Store for Memory {
    fn load(&self, id: &Id, now: u64) -> Option<Stored> {
        held(&self.0).get(id).filter(|stored| now < stored.entry.expires).cloned()
    }

    fn create(&self, id: Id, entry: Entry) -> bool {
        let mut all = held(&self.0);
        let is_new = !all.contains_key(&id);
        if is_new {
            all.insert(id, Stored { entry, version: 0 });
        }
        is_new
    }

    fn update(&self, id: &Id, seen: u64, entry: Entry) -> Result<(), Option<Stored>> {
        match held(&self.0).get_mut(id) {
            Some(stored) if stored.version == seen => {
                *stored = Stored { entry, version: seen + 1 };
                Ok(())
            }
            found => Err(found.cloned()),
        }
    }

    fn touch(&self, id: &Id, seen: u64, expires: u64) {
        if let Some(stored) = held(&self.0).get_mut(id).filter(|stored| stored.version == seen) {
            stored.entry.expires = expires;
        }
    }
}

/// What is known of one request's session.
#[derive(Debug)]
pub(crate) struct Promising {
    shelf: Shelf,
    text: Option<[u8; TEXT]>,
    asked: bool,
    /// When it was asked.
    now: u64,
    found: Option<(Id, Stored)>,
    /// What was written: packed as values are, in its order.
    log: Vec<Vec<u8>>,
}

const COOKIE_NAME: &[u8] = b"__Host-by_hand";
const NAMESPACE: &[u8] = b"by_hand";
const TEXT: usize = 64;
const IDLE: u64 = 1_800_000;
const TOUCH: u64 = 60_000;

impl Number for Promising {
    fn read(&self, key: &str) -> Option<u64> {
        let written = self.log.iter().rev().flat_map(|value| values(value));
        let stored = self.found.iter().flat_map(|(_, stored)| values(&stored.entry.bytes[HEAD..]));
        let (_, text) = written.chain(stored).find(|(found, _)| *found == key.as_bytes())?;
        serde_json::from_slice(text).ok()
    }

    fn write(&mut self, key: &str, value: u64) {
        let mut packed = Vec::with_capacity(64);
        packed.extend_from_slice(&[0; LENGTHS]);
        packed.extend_from_slice(key.as_bytes());
        if serde_json::to_writer(&mut packed, &value).is_ok() {
            let lengths = [key.len(), packed.len() - LENGTHS - key.len()];
            let (chunks, _) = packed.as_chunks_mut::<4>();
            chunks.iter_mut().zip(lengths).for_each(|(place, length)| *place = (length as u32).to_le_bytes());
            self.log.push(packed);
        }
    }
}

impl ByHand for Promising {
    const NAME: &'static str = "by hand, promising";

    type Store = Shelf;

    fn of<'a>(shelf: &Shelf, mut cookie_lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let text = cookie_lines.find_map(|line| line.split(|byte| *byte == b';').find_map(token));
        Promising { shelf: shelf.clone(), text, asked: false, now: 0, found: None, log: Vec::new() }
    }

    fn load(&mut self) {
        (self.asked, self.now) = (true, SystemClock.now().as_millis());
        let Some(text) = self.text else { return };
        let mut token = [0; 48];
        if URL_SAFE_NO_PAD.decode_slice(text, &mut token).is_err() {
            return;
        }
        let (id, secret) = token.split_first_chunk().expect("it is longer");
        let Some(stored) = self.shelf.0.load(id, self.now) else { return };
        let is_whole = stored.entry.bytes.get(HEAD..).is_some_and(|packed| {
            packed.len() == values(packed).map(|(key, text)| LENGTHS + key.len() + text.len()).sum::<usize>()
        });
        if is_whole && is_same(&stored.entry.bytes[8..40], &digest(secret)) {
            self.found = Some((*id, stored));
        }
    }

    fn finish(&mut self, headers: &mut impl ReplyHeaders) {
        if !self.asked {
            return;
        }
        headers.vary_by_cookie();
        let expires = self.now + IDLE;
        match self.found.take() {
            Some((id, stored)) if self.log.is_empty() => {
                if expires - stored.entry.expires >= TOUCH {
                    self.shelf.0.touch(&id, stored.version, expires);
                }
            }
            Some((id, mut stored)) => loop {
                let bytes = replayed(&stored.entry.bytes, &self.log);
                if bytes == stored.entry.bytes {
                    break;
                }
                match self.shelf.0.update(&id, stored.version, Entry { bytes, expires }) {
                    // Somebody was faster, and it is the same login.
                    Err(Some(found)) if found.entry.bytes.first_chunk::<8>() == stored.entry.bytes.first_chunk() => {
                        stored = found;
                    }
                    _ => break,
                }
            },
            None if self.log.is_empty() => {}
            None => {
                let mut token = [0; 48];
                getrandom::fill(&mut token).expect("a generator");
                let (id, secret) = token.split_first_chunk().expect("it is longer");
                let head = [&[0; 8], &digest(secret)[..], &self.now.to_le_bytes()].concat();
                let entry = Entry { bytes: replayed(&head.into(), &self.log), expires };
                assert!(self.shelf.0.create(*id, entry), "an id of so many bits is new");
                let text = URL_SAFE_NO_PAD.encode(token);
                headers.set_cookie(format!("__Host-by_hand={text}; Path=/; Secure; HttpOnly; SameSite=Lax"));
                headers.forbid_storing();
            }
        }
    }
}

fn token(cookie: &[u8]) -> Option<[u8; TEXT]> {
    cookie.trim_ascii().strip_prefix(COOKIE_NAME)?.strip_prefix(b"=")?.try_into().ok()
}

fn digest(secret: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([NAMESPACE.len() as u8]);
    hash.update(NAMESPACE);
    hash.update(secret);
    hash.finalize().into()
}

/// In the same time wherever they differ.
fn is_same(one: &[u8], other: &[u8; 32]) -> bool {
    one.iter().zip(other).fold(0, |all, (one, other)| all | (one ^ other)) == 0
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::SET_COOKIE;

    use super::*;

    fn arrive(shelf: &Shelf, cookie: &str) -> Promising {
        let mut session = Promising::of(shelf, std::iter::once(cookie.as_bytes()));
        session.load();
        session
    }

    fn cookie(shelf: &Shelf) -> String {
        let (mut session, mut headers) = (arrive(shelf, "other=1"), HeaderMap::new());
        session.write("n", 7);
        session.finish(&mut headers);
        let cookie = headers[SET_COOKIE].to_str().expect("a text");
        cookie.split(';').next().expect("there is one").to_owned()
    }

    #[test]
    fn who_meets_loses_nothing() {
        let shelf = Shelf::default();
        let cookie = format!("a=b; {}", cookie(&shelf));
        let mut all: Vec<_> = (0..50).map(|_| arrive(&shelf, &cookie)).collect();
        for (number, session) in (0..).zip(&mut all) {
            session.write(&format!("k{number}"), number);
            session.finish(&mut HeaderMap::new());
        }
        let session = arrive(&shelf, &cookie);
        assert_eq!(session.read("n"), Some(7));
        assert!((0..50).all(|number| session.read(&format!("k{number}")) == Some(number)));
    }

    #[test]
    fn what_has_ended_does_not_come_back_and_no_other_secret_opens_it() {
        let shelf = Shelf::default();
        let cookie = cookie(&shelf);
        let last = if cookie.ends_with('A') { "B" } else { "A" };
        assert_eq!(arrive(&shelf, &format!("{}{last}", &cookie[..cookie.len() - 1])).read("n"), None);
        let (id, seen) = arrive(&shelf, &cookie).found.expect("it lives");
        assert!(shelf.0.load(&id, seen.entry.expires).is_none(), "expired");
        let ended = [0; 16];
        assert!(matches!(shelf.0.update(&ended, seen.version, seen.entry), Err(None)));
        assert!(shelf.0.load(&ended, 0).is_none());
    }
}
