//! Paths and their segments; warp hands them over as they were sent.

use std::str::FromStr;

use percent_encoding::percent_decode_str;
use warp::path::FullPath;
use warp::reject::{self, Reject};
use warp::{Filter, Rejection};

/// A segment, decoded.
pub(crate) struct Segment(pub(crate) String);

impl FromStr for Segment {
    type Err = std::str::Utf8Error;

    fn from_str(sent: &str) -> Result<Self, Self::Err> {
        percent_decode_str(sent).decode_utf8().map(|text| Segment(text.into_owned()))
    }
}

/// Refuses paths that are not UTF-8: to warp, a segment that cannot be read is just another path.
pub(crate) fn only_text() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    let check = |path: FullPath| async move {
        match percent_decode_str(path.as_str()).decode_utf8() {
            Ok(_) => Ok(()),
            Err(_) => Err(reject::custom(NotText)),
        }
    };
    warp::path::full().and_then(check).untuple_one()
}

/// A path is not UTF-8.
#[derive(Debug)]
pub(crate) struct NotText;

impl Reject for NotText {}
