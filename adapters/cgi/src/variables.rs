//! The variables that a web server starts a CGI program with (RFC 3875 §4.1).

use std::collections::BTreeMap;

/// Bytes, because servers put decoded paths into them as they are. Empty counts as absent, as servers mean it.
#[derive(Debug, Default)]
pub(crate) struct Variables(BTreeMap<Vec<u8>, Vec<u8>>);

impl Variables {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        let bytes = std::ffi::OsString::into_encoded_bytes;
        std::env::vars_os().map(|(name, value)| (bytes(name), bytes(value))).collect()
    }

    /// The value of this variable.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name.as_bytes()).map(Vec::as_slice)
    }

    /// The request's header fields: names in the form of variables, without `HTTP_`.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().filter_map(|(name, value)| Some((name.strip_prefix(b"HTTP_")?, value.as_slice())))
    }
}

impl<N: Into<Vec<u8>>, V: Into<Vec<u8>>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), value.into()));
        Variables(pairs.filter(|(_, value)| !value.is_empty()).collect())
    }
}
