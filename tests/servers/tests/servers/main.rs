//! Every server starts, answers, can be paused, killed and restarted, and leaves nothing behind.
#![cfg(target_os = "linux")]

mod cluster;
mod killed;
mod mariadb;
mod mysql;
mod names;
mod postgres;
mod program;
mod promises;
mod redis;
mod traces;
