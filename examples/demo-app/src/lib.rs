//! The demo application, once: what it does with a [`Session`](webstack_core::Session), whoever serves it.
//!
//! Each function is one route. It takes the session and what stood in the request, and returns an [`Answer`]; a
//! framework adds paths, extractors and the translation of [`Reply`] into its own response, as `demo-actix-web` shows.
//! Only what waits is `async`: a loaded session is synchronous.
//!
//! | module | routes |
//! |---|---|
//! | [`values`] | `/api/session`, `/api/values/{key}`, `/api/increment/{key}` |
//! | [`lifecycle`] | `/api/login/{user}`, `/api/logout`, `/api/renew`, `/api/invalidate`, `/api/delete`, `/api/clear` |
//! | [`flash`] | `/api/flash/{text}`, `/api/flash` |
//! | [`users`] | `/api/sessions`, `/api/logout-everywhere` |
//! | [`links`] | `/api/link` |
//! | [`slow`] | `/api/slow-…`: the same with a pause in the middle, so that requests overlap |
//! | [`status`] | `/api/set-then/…`, `/api/save-then/…`, `/api/logout-then/…`, `/api/own-cookie/…` |
//! | [`page`], [`ui`] | `/` and `/ui/{action}`, for people; `/plain` |
//! | [`portable`] | all of them as one neutral application |
//!
//! Servers write the paths their own way, beside the neutral application, so that both ways stay working.

pub mod flash;
mod input;
pub mod lifecycle;
pub mod links;
pub mod page;
pub mod portable;
mod reply;
pub mod slow;
pub mod status;
pub mod ui;
pub mod users;
pub mod values;

pub use reply::{Answer, Failure, Reply};

/// The largest request body that a server should hand over, in bytes; beyond it the answer is 413.
///
/// It is twice what a session may hold, so that the session's own limit is met first and its answer seen.
pub const MAX_BODY: usize = 2 << 20;
