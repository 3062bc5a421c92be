//! The demo application on warp, as a program.
//!
//! ```text
//! cargo run -p demo-warp -- --listen 127.0.0.1:8004
//! curl -c jar -b jar -X POST http://127.0.0.1:8004/api/increment/n
//! ```
//!
//! Settings are the environment variables `WEBSTACK_…`; the sessions are in `WebStack-sessions` where it is started.

fn main() -> std::process::ExitCode {
    webstack_demo_server::program("demo-warp", webstack_warp::from_env, demo_warp::run)
}
