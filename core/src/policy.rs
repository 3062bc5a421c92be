//! What is done when something is not as it should be: choices with a documented default.

/// What is done about a record that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnCorrupt {
    /// The visitor is anonymous and may begin a new session; an event tells.
    #[default]
    Renew,
    /// The request is answered with an opaque 500.
    Fail,
}
