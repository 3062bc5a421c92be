//! Tokens in forms, so that a form posted to the application was given out by it: the defence against cross-site requests.
//!
//! A browser sends the session's cookie with whatever makes it post: a page of another site, too (RFC 6265 §8.2, CWE-352).
//! What that site cannot have is a token that stood in a page of this one. So a page puts
//! [`Session::issue_form_token`](crate::Session::issue_form_token) into a hidden field of its form, and the handler of
//! the form does nothing before [`Session::redeem_form_token`](crate::Session::redeem_form_token) said yes
//! (ASVS 5.0, 3.5.1; OWASP, Cross-Site Request Forgery Prevention, synchronizer token pattern).
//!
//! | a token is | how |
//! |---|---|
//! | unpredictable | 32 bytes of the operating system's generator |
//! | good for one session | it is looked for in the record of the session that the request presents, and nowhere else |
//! | good for one form | its digest is taken together with the [form's](Form) action |
//! | good once | spending it is committed before the answer; of any number of parallel requests one is told yes |
//! | not at rest | the record holds its SHA-256 digest and when it was issued |
//! | bounded | a session holds 32; the oldest is dropped |
//! | void after a login | a change of user drops all of them, the end of the session even more so; a renewal does not |
//!
//! So a form that a visitor opened before signing in has to be opened again. A renewed token is another credential of the same
//! person with the same rights, so forms in other tabs stay good.
//!
//! It also shields the login form itself (login CSRF): a visitor without a session gets one with the first token.
//!
//! `SameSite=Lax`, the default of the session's cookie, keeps other sites from posting in most browsers; it does not
//! where sibling hosts cannot be trusted, nor does it tell a second click from a first. Tokens do both.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::base64url;
use crate::{SecretDigest, Timestamp};

/// A form: what its tokens are good for, and for how long.
///
/// A text is a form whose tokens last as long as the session.
///
/// ```
/// use std::time::Duration;
/// use webstack_core::form_token::Form;
///
/// const TRANSFER: Form<'_> = Form::new("transfer").with_max_age(Duration::from_secs(600));
/// assert_eq!(Form::from("transfer").with_max_age(Duration::from_secs(600)), TRANSFER);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form<'a> {
    action: &'a str,
    max_age: Option<Duration>,
}

impl<'a> Form<'a> {
    /// The form of this action: any name that tells it from the application's other forms.
    pub const fn new(action: &'a str) -> Self {
        Form { action, max_age: None }
    }

    /// Says how long after it was issued a token may be redeemed.
    #[must_use]
    pub const fn with_max_age(self, max_age: Duration) -> Self {
        Form { action: self.action, max_age: Some(max_age) }
    }

    /// What is kept of a token of this form.
    fn digest(&self, secret: &[u8; SECRET_BYTES]) -> SecretDigest {
        let mut hash = Sha256::new();
        hash.update(b"webstack form token");
        hash.update((self.action.len() as u64).to_le_bytes());
        hash.update(self.action);
        hash.update(secret);
        SecretDigest::from_bytes(hash.finalize().into())
    }

    /// A new token of this form: its text, and what is kept of it.
    pub(crate) fn issue(&self, now: Timestamp) -> Result<(String, Issued), getrandom::Error> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret)?;
        let issued = Issued { digest: self.digest(&secret), issued: now.as_millis() };
        Ok((base64url::encode(&secret), issued))
    }

    /// What is kept of the token of this text, if it is one.
    pub(crate) fn read(&self, text: &str) -> Option<SecretDigest> {
        Some(self.digest(&base64url::decode(text.as_bytes())?))
    }

    pub(crate) fn accepts(&self, token: &Issued, now: Timestamp) -> bool {
        self.max_age.is_none_or(|max_age| now.since(Timestamp::from_millis(token.issued)) <= max_age)
    }
}

impl<'a> From<&'a str> for Form<'a> {
    fn from(action: &'a str) -> Self {
        Form::new(action)
    }
}

const SECRET_BYTES: usize = 32;

/// How many tokens a session holds: as many forms may be open at once.
const MAX_TOKENS: usize = 32;

/// What is kept of a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issued {
    digest: SecretDigest,
    issued: u64,
}

/// The tokens of a session that were not redeemed yet, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct FormTokens(Vec<Issued>);

impl FormTokens {
    pub(crate) const NONE: FormTokens = FormTokens(Vec::new());

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn is_same(&self, other: &FormTokens) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| a.digest == b.digest)
    }

    pub(crate) fn push(&mut self, issued: Issued) {
        self.0.push(issued);
        let too_many = self.0.len().saturating_sub(MAX_TOKENS);
        self.0.drain(..too_many);
    }

    /// The token of this digest. Each one is compared, and each comparison takes the same time.
    pub(crate) fn find(&self, digest: &SecretDigest) -> Option<&Issued> {
        self.0.iter().fold(None, |found, issued| if issued.digest == *digest { Some(issued) } else { found })
    }

    /// Spends a token; true if it was there.
    pub(crate) fn spend(&mut self, digest: &SecretDigest) -> bool {
        let before = self.0.len();
        self.0.retain(|issued| issued.digest != *digest);
        self.0.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
