//! The least that a session with a digest at rest can be: a cookie, a map in memory, one number, `Vary`. Nothing expires, nobody is
//! renewed, and whoever writes last wins.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use memchr::memmem::Finder;
use sha2::{Digest as _, Sha256};

use super::{ByHand, Number, ReplyHeaders, held};

/// Digests of tokens, and a value as JSON.
type Store = Mutex<HashMap<[u8; 32], Vec<u8>>>;

/// What is known of one request's session.
pub(crate) struct Least {
    store: Arc<Store>,
    cookie: Option<[u8; 64]>,
    asked: bool,
    found: Option<[u8; 32]>,
    value: Option<Vec<u8>>,
    changed: bool,
}

const COOKIE_NAME: &[u8] = b"__Host-by_hand=";
/// It is made ready once, and not for each request.
static FINDER: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(COOKIE_NAME));

impl Number for Least {
    fn read(&self, _: &str) -> Option<u64> {
        self.value.as_deref().and_then(|text| serde_json::from_slice(text).ok())
    }

    fn write(&mut self, _: &str, value: u64) {
        self.value = serde_json::to_vec(&value).ok();
        self.changed = true;
    }
}

impl ByHand for Least {
    const NAME: &'static str = "by hand";

    type Store = Arc<Store>;

    fn of<'a>(store: &Arc<Store>, mut cookie_lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let cookie = cookie_lines.next().and_then(|line| {
            let begin = FINDER.find(line)? + COOKIE_NAME.len();
            line.get(begin..)?.first_chunk().copied()
        });
        Least { store: Arc::clone(store), cookie, asked: false, found: None, value: None, changed: false }
    }

    fn load(&mut self) {
        self.asked = true;
        let Some(text) = self.cookie else { return };
        let mut token = [0; 48];
        if URL_SAFE_NO_PAD.decode_slice(text, &mut token).is_ok() {
            let digest = <[u8; 32]>::from(Sha256::digest(token));
            self.value = held(&self.store).get(&digest).cloned();
            self.found = Some(digest);
        }
    }

    fn finish(&mut self, headers: &mut impl ReplyHeaders) {
        if !self.asked {
            return;
        }
        headers.vary_by_cookie();
        if !self.changed {
            return;
        }
        let digest = self.found.unwrap_or_else(|| {
            let mut token = [0; 48];
            getrandom::fill(&mut token).expect("a generator");
            let text = URL_SAFE_NO_PAD.encode(token);
            headers.set_cookie(format!("__Host-by_hand={text}; Path=/; Secure; HttpOnly; SameSite=Lax"));
            Sha256::digest(token).into()
        });
        held(&self.store).insert(digest, self.value.take().unwrap_or_default());
    }
}
