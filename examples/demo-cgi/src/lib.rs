//! The demo application as a CGI program: the neutral application, and a log that the web server keeps.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use webstack_demo_app::portable;

/// The name under which the demo application shows where it runs.
pub const ENVIRONMENT: &str = "cgi";

/// Answers the one request that the process was started for.
pub fn program() -> ExitCode {
    // Warnings and errors, which the web server writes into its log; `RUST_LOG` asks for more.
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into()).from_env_lossy();
    tracing_subscriber::fmt().with_writer(io::stderr).with_env_filter(filter).init();
    webstack_cgi::serve(portable::app(ENVIRONMENT, sleep))
}

/// There is nothing else to do meanwhile.
async fn sleep(pause: Duration) {
    std::thread::sleep(pause);
}
