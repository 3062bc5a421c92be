//! The demo application as a CGI program: a web server starts it for each request.
//!
//! ```text
//! cargo build -p demo-cgi
//! mkdir -p /tmp/site/cgi-bin && cp target/debug/demo-cgi /tmp/site/cgi-bin/
//! cd /tmp/site && WEBSTACK_STORE=file:/tmp/demo-sessions python3 -m http.server --cgi 8080
//! ```
//!
//! Then open `http://localhost:8080/cgi-bin/demo-cgi/`. (Python answers every request of a CGI program with 200; Apache,
//! lighttpd and nginx do as they are told.) Settings are the environment variables `WEBSTACK_…`.

use std::io;
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use webstack_demo_app::portable;

fn main() -> std::process::ExitCode {
    // Warnings and errors, which the web server writes into its log; `RUST_LOG` asks for more.
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into()).from_env_lossy();
    tracing_subscriber::fmt().with_writer(io::stderr).with_env_filter(filter).init();
    webstack_cgi::serve(portable::app("cgi", sleep))
}

/// There is nothing else to do meanwhile.
async fn sleep(pause: Duration) {
    std::thread::sleep(pause);
}
