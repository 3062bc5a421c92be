//! The tests of `engine`, over a store that has to be waited for, as one on a server has to.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../engine/cache.rs"]
mod cache;
#[path = "../engine/carriers.rs"]
mod carriers;
#[path = "../engine/client.rs"]
mod client;
#[path = "../engine/commit.rs"]
mod commit;
#[path = "../engine/concluding.rs"]
mod concluding;
#[path = "../engine/configuration.rs"]
mod configuration;
#[path = "../engine/durability.rs"]
mod durability;
#[path = "../engine/failures.rs"]
mod failures;
#[path = "../engine/flash.rs"]
mod flash;
#[path = "../engine/form_tokens.rs"]
mod form_tokens;
#[path = "../engine/keys.rs"]
mod keys;
#[path = "../engine/labels.rs"]
mod labels;
#[path = "../engine/late.rs"]
mod late;
#[path = "../engine/lifecycle.rs"]
mod lifecycle;
#[path = "../engine/listing.rs"]
mod listing;
#[path = "../engine/lock.rs"]
mod lock;
#[path = "../engine/log.rs"]
mod log;
#[path = "../engine/moving.rs"]
mod moving;
#[path = "../engine/once.rs"]
mod once;
#[path = "../engine/overtaken.rs"]
mod overtaken;
#[path = "../engine/policies.rs"]
mod policies;
#[path = "../engine/replies.rs"]
mod replies;
#[path = "../engine/rotation.rs"]
mod rotation;
#[path = "../engine/round_trips.rs"]
mod round_trips;
#[path = "../engine/tickets.rs"]
mod tickets;
#[path = "../engine/time.rs"]
mod time;
#[path = "../engine/user_limit.rs"]
mod user_limit;
#[path = "../engine/users.rs"]
mod users;
#[path = "../engine/visitor.rs"]
mod visitor;

/// Whether the store answers at once.
const AT_ONCE: bool = false;
