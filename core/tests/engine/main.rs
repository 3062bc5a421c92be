//! The engine, driven as an adapter drives it, over a store that counts, fails and waits on demand. It answers at once what it can;
//! `engine_later` is the same over one that has to be waited for.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod cache;
mod carriers;
mod client;
mod commit;
mod concluding;
mod configuration;
mod durability;
mod failures;
mod flash;
mod form_tokens;
mod keys;
mod labels;
mod late;
mod lifecycle;
mod listing;
mod lock;
mod log;
mod moving;
mod once;
mod overtaken;
mod policies;
mod replies;
mod rotation;
mod round_trips;
mod tickets;
mod time;
mod user_limit;
mod users;
mod visitor;

/// Whether the store answers at once.
const AT_ONCE: bool = true;
