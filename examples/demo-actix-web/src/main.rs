//! The demo application on actix-web, as a program.
//!
//! ```text
//! cargo run -p demo-actix-web -- --listen 127.0.0.1:8001
//! curl -c jar -b jar -X POST http://127.0.0.1:8001/api/increment/n
//! ```
//!
//! Settings are the environment variables `WEBSTACK_…`; the sessions are in `WebStack-sessions` where it is started.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use actix_web::rt::{System, signal};
use clap::Parser;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The demo application of webstack, served by actix-web.
#[derive(Parser)]
struct Options {
    /// Where to listen; port 0 is any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8001")]
    listen: SocketAddr,
}

fn main() -> ExitCode {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(EnvFilter::builder().with_default_directive(LevelFilter::WARN.into()).from_env_lossy())
        .init();
    let sessions = match webstack_actix_web::from_env() {
        Ok(sessions) => sessions,
        Err(error) => return complain(2, error),
    };
    let served = System::new().block_on(async {
        let listener = TcpListener::bind(options.listen)?;
        let address = listener.local_addr()?;
        let server = demo_actix_web::serve(listener, sessions, told_to_stop()?)?;
        writeln!(io::stdout(), "listening on http://{address}")?;
        server.await
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(1, format_args!("cannot serve {}: {error}", options.listen)),
    }
}

fn complain(status: u8, error: impl std::fmt::Display) -> ExitCode {
    // nobody is left to tell if standard error is gone
    let _ = writeln!(io::stderr(), "demo-actix-web: {error}");
    ExitCode::from(status)
}

/// Ready when the program is asked to end: SIGTERM, or SIGINT as Ctrl-C sends it.
#[cfg(unix)]
fn told_to_stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(std::future::poll_fn(move |context| {
        if terminate.poll_recv(context).is_ready() || interrupt.poll_recv(context).is_ready() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    }))
}

#[cfg(not(unix))]
fn told_to_stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async { drop(signal::ctrl_c().await) })
}
