//! The names of tables.

use std::fmt;

/// What the names of all tables of a store begin with. It is part of statements as it stands, so it holds nothing but
/// lower-case letters, digits and underscores: no database quotes or folds these.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Namespace(String);

/// PostgreSQL allows 63 bytes for a name, and the longest suffix takes seventeen.
const LONGEST: usize = 40;

impl Namespace {
    pub(crate) fn new(name: &str) -> Option<Self> {
        let begins_well = name.starts_with(|c: char| c.is_ascii_lowercase());
        let is_plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        (begins_well && is_plain && name.len() <= LONGEST).then(|| Namespace(name.to_owned()))
    }

    /// The table with this suffix.
    pub(crate) fn table(&self, suffix: &str) -> String {
        format!("{}_{suffix}", self.0)
    }

    /// A statement in which `{sessions}`, `{places}` and `{schema}` stand for the tables.
    pub(crate) fn fill(&self, text: &str) -> String {
        ["sessions", "places", "schema"]
            .iter()
            .fold(text.to_owned(), |text, suffix| text.replace(&format!("{{{suffix}}}"), &self.table(suffix)))
    }

    /// A number that stands for the namespace among locks: FNV-1a, the same in every process.
    pub(crate) fn number(&self) -> u64 {
        self.0.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Namespace("webstack".to_owned())
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_names() {
        for good in ["a", "shop", "shop_2", &"a".repeat(40)] {
            assert!(Namespace::new(good).is_some(), "{good}");
        }
        for bad in ["", "2shop", "_shop", "Shop", "shop;", "shop\"", "shöp", "a b", "a.b", "a-b", &"a".repeat(41)] {
            assert!(Namespace::new(bad).is_none(), "{bad}");
        }
    }
}
