//! What is wrong with a URL.

/// The store cannot be built from what was said. One line says what is wrong, and what would be right; it shows no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}: {mend}")]
#[non_exhaustive]
pub struct InvalidUrl {
    problem: String,
    mend: String,
}

impl InvalidUrl {
    pub(crate) fn new(problem: impl Into<String>, mend: impl Into<String>) -> Self {
        InvalidUrl { problem: problem.into(), mend: mend.into() }
    }

    /// What is wrong.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What would be right.
    pub fn mend(&self) -> &str {
        &self.mend
    }
}
