//! Database servers for tests: each on loopback, on a free port, in a directory of its own.
//!
//! ```no_run
//! # fn main() -> Result<(), webstack_test_servers::NotStarted> {
//! let redis = webstack_test_servers::Redis::start()?;
//! println!("{}", redis.url()); // redis://127.0.0.1:PORT
//! redis.pause(); // it accepts connections, and answers nobody
//! redis.resume();
//! redis.kill();
//! redis.restart()?; // on the same port, in the same directory
//! # Ok(())
//! # }
//! ```
//!
//! A server that is dropped is stopped, with all of its processes, and its directory is removed. A test that is
//! killed cannot drop anything, so each directory has a guardian: a shell that waits for the end of its standard input,
//! which comes when the test's process ends, however it does, and then tidies up. (A signal on the parent's death, as
//! `setpriv --pdeathsig` asks for it, would come when the *thread* that started the server ends, which is the end of one test
//! and not of all; it would neither wake processes that are paused nor remove a directory.)
//!
//! PostgreSQL and MariaDB refuse to be run by root; a test that root runs starts them as `postgres`, `mysql` or `nobody`.
//!
//! Tests that need no server of their own ask for a running one with [`named`]; the program `test-servers` starts one of
//! each, for as long as a command runs: `test-servers -- cargo test`.
//!
//! All of this is for Unix. The processes of a server are found in `/proc`, so where there is none, as on macOS, PostgreSQL's
//! postmaster is paused and those of its processes that serve a connection are not.
#![forbid(unsafe_code)]

mod named;
mod not_started;
mod server;
#[cfg(unix)]
mod unix;

pub use named::{named, or_skip, where_there};
pub use not_started::NotStarted;
pub use server::Server;
#[cfg(unix)]
pub use unix::mariadb::{MariaDb, MariaDbOptions};
#[cfg(unix)]
pub use unix::mysql::MySql;
#[cfg(unix)]
pub use unix::postgres::{Postgres, PostgresOptions};
#[cfg(unix)]
pub use unix::redis::{Redis, RedisCluster, RedisOptions};
#[cfg(target_os = "linux")]
pub use unix::staleness;
