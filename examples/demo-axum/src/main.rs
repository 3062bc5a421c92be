//! The demo application on axum, as a program.
//!
//! ```text
//! cargo run -p demo-axum -- --listen 127.0.0.1:8002
//! curl -c jar -b jar -X POST http://127.0.0.1:8002/api/increment/n
//! ```
//!
//! Settings are the environment variables `WEBSTACK_…`; the sessions are in `WebStack-sessions` where it is started.

fn main() -> std::process::ExitCode {
    webstack_demo_server::program("demo-axum", webstack_axum::from_env, demo_axum::run)
}
