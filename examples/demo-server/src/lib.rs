//! What every server of the demo does, whatever framework it runs: settings, socket, signals, exit status.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::process::ExitCode;

use clap::Parser;
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use webstack_core::{ConfigError, Sessions};

/// Ready when a server shall finish what is in flight and return.
pub type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// To be called when a server accepts connections.
pub type Ready = Box<dyn FnOnce() + Send + Sync>;

/// Serves a socket on the calling thread, to the end.
pub type Run = fn(TcpListener, Sessions, Ready, Stop) -> io::Result<()>;

/// The demo application of webstack.
#[derive(Parser)]
struct Options {
    /// Where to listen; port 0 is any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8001")]
    listen: SocketAddr,
}

/// The whole program of one server: `NAME --listen ADDR`.
///
/// It exits with 2 if a setting is wrong and with 1 if the address cannot be served, with one line that says why.
pub fn program(name: &str, sessions: fn() -> Result<Sessions, ConfigError>, run: Run) -> ExitCode {
    let options = Options::parse();
    log_to_stderr();
    let sessions = match sessions() {
        Ok(sessions) => sessions,
        Err(error) => return complain(name, 2, error),
    };
    let served = TcpListener::bind(options.listen).and_then(|listener| {
        let address = listener.local_addr()?;
        // whoever started this and does not listen does not want to know
        let ready = move || drop(writeln!(io::stdout(), "listening on http://{address}"));
        run(listener, sessions, Box::new(ready), told_to_stop()?)
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(name, 1, format_args!("cannot serve {}: {error}", options.listen)),
    }
}

/// Warnings and errors to standard error; `RUST_LOG` asks for more.
pub fn log_to_stderr() {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(EnvFilter::builder().with_default_directive(LevelFilter::WARN.into()).from_env_lossy())
        .init();
}

/// One line on standard error, and the status to exit with.
pub fn complain(name: &str, status: u8, error: impl Display) -> ExitCode {
    // nobody is left to tell if standard error is gone
    let _ = writeln!(io::stderr(), "{name}: {error}");
    ExitCode::from(status)
}

/// Ready when the program is asked to end: SIGTERM, or SIGINT as Ctrl-C sends it. Heard on a thread of its own, because
/// the server's runtime may be of any kind.
///
/// # Errors
///
/// If signals cannot be listened to.
pub fn told_to_stop() -> io::Result<Stop> {
    let (tell, told) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let signals = {
        let _inside = runtime.enter();
        signals()?
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(signals);
        // the server may have ended by itself
        let _ = tell.send(());
    })?;
    Ok(Box::pin(async move { drop(told.await) }))
}

#[cfg(unix)]
fn signals() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(std::future::poll_fn(move |context| {
        let told = terminate.poll_recv(context).is_ready() || interrupt.poll_recv(context).is_ready();
        if told { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    }))
}

#[cfg(not(unix))]
fn signals() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
