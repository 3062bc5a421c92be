//! A segment of a path; warp hands it over as it was sent.

use std::str::FromStr;

use percent_encoding::percent_decode_str;

/// A segment, decoded.
pub(crate) struct Segment(pub(crate) String);

impl FromStr for Segment {
    type Err = std::str::Utf8Error;

    fn from_str(sent: &str) -> Result<Self, Self::Err> {
        percent_decode_str(sent).decode_utf8().map(|text| Segment(text.into_owned()))
    }
}
