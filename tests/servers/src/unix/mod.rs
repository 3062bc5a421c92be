//! Starting, watching and stopping servers, as Unix does it.

mod account;
mod certificate;
mod commands;
mod controls;
mod guardian;
pub(crate) mod mariadb;
pub(crate) mod mysql;
mod place;
mod ports;
pub(crate) mod postgres;
mod processes;
pub(crate) mod redis;
mod running;
#[cfg(target_os = "linux")]
pub mod staleness;
