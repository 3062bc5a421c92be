//! The demo application on actix-web, as a program.
//!
//! ```text
//! cargo run -p demo-actix-web -- --listen 127.0.0.1:8001
//! curl -c jar -b jar -X POST http://127.0.0.1:8001/api/increment/n
//! ```
//!
//! Settings are the environment variables `WEBSTACK_…`; the sessions are in `WebStack-sessions` where it is started.

fn main() -> std::process::ExitCode {
    webstack_demo_server::program("demo-actix-web", webstack_actix_web::from_env, demo_actix_web::run)
}
