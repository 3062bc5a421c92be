//! The stores that wrap others, in every order in which requests can meet in them.

mod cached;
mod migrating;
mod schedule;
