//! The adapter, served over real sockets by an actix-web server, over a store that counts, fails and waits on demand.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod background;
mod client;
mod failures;
mod leaving;
mod middleware;
mod mounting;
mod outcomes;
mod replies;
mod site;
mod streaming;
