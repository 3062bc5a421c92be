//! The same application in every framework, without sessions, with webstack, and with its peers.

#[cfg(feature = "peers")]
mod actix_web;
#[cfg(feature = "peers")]
mod actix_web_peer;
pub(crate) mod axum;
#[cfg(feature = "peers")]
pub(crate) mod axum_peers;
#[cfg(feature = "peers")]
mod by_hand;
#[cfg(feature = "peers")]
pub(crate) mod files;
mod in_process;
#[cfg(feature = "peers")]
pub(crate) mod redis;
#[cfg(feature = "peers")]
mod rocket;
#[cfg(feature = "peers")]
mod rocket_peer;
#[cfg(feature = "peers")]
mod warp;
#[cfg(feature = "peers")]
mod warp_peer;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::site::Subject;

/// All subjects in a framework, each framework's control first.
pub(crate) fn subjects() -> Vec<Subject> {
    let subjects = axum::subjects();
    #[cfg(feature = "peers")]
    let mut subjects = subjects;
    #[cfg(feature = "peers")]
    for more in [
        by_hand::axum::subjects(),
        by_hand::whole::axum::subjects(),
        axum_peers::subjects(),
        actix_web::subjects(),
        by_hand::actix_web::subjects(),
        by_hand::whole::actix_web::subjects(),
        rocket::subjects(),
        by_hand::rocket::subjects(),
        by_hand::whole::rocket::subjects(),
        warp::subjects(),
        by_hand::warp::subjects(),
        by_hand::whole::warp::subjects(),
    ] {
        subjects.extend(more);
    }
    subjects
}

/// A value that was never written before: what is there already would not be stored again.
pub(crate) fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1_000_000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// What `/read` answers.
pub(crate) fn shown(value: Option<u64>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

/// The value that is read and written.
pub(crate) const VALUE: &str = "visits";
