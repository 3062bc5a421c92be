//! The store over every database that is compiled in and installed.
#![cfg(unix)]

mod away;
mod failures;
mod file;
mod listings;
mod places;
mod pools;
mod processes;
mod purge;
mod round_trips;
mod settings;
mod setup;
mod sizes;
mod stage;
mod suite;
mod tls;
mod urls;
mod watch;
