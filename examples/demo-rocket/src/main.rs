//! The demo application on rocket, as a program.
//!
//! ```text
//! cargo run -p demo-rocket -- --listen 127.0.0.1:8003
//! curl -c jar -b jar -X POST http://127.0.0.1:8003/api/increment/n
//! ```
//!
//! Settings are the environment variables `WEBSTACK_…`; the sessions are in `WebStack-sessions` where it is started.

fn main() -> std::process::ExitCode {
    webstack_demo_server::program("demo-rocket", webstack_rocket::from_env, demo_rocket::run)
}
