//! A token that travels as the program likes: it is handed in, and what becomes of it is handed out.

use std::fmt;

/// What the client is to be told of its token, where the program carries it: see
/// [`Sessions::open_by_token`](crate::Sessions::open_by_token).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenNotice {
    /// This is its token from now on.
    Issued(TokenText),
    /// Its session has ended.
    Ended,
}

/// The text of a token, signed if there are keys.
///
/// # Security
///
/// Whoever has the text has the session. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText(Box<str>);

impl TokenText {
    pub(super) fn new(text: String) -> Self {
        TokenText(text.into())
    }

    /// The text, for the client who owns the session and for nobody else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(..)")
    }
}
