//! What is done on one connection, each in as few round trips as the database allows.

mod change;
mod create;
mod listing;
mod load;
mod purge;
mod remove;
mod reserve;

pub(crate) use change::{Touch, Update};
pub(crate) use create::Create;
pub(crate) use listing::List;
pub(crate) use load::Load;
pub(crate) use purge::Purge;
pub(crate) use remove::Remove;
pub(crate) use reserve::Reserve;
