//! The demo application in every environment, side by side over one store.
//!
//! ```text
//! cargo run -p demo                    # then open what it prints in a browser
//! curl -c jar -b jar -X POST http://localhost:8000/api/increment/n
//! ```
//!
//! Settings are the environment variables `WEBSTACK_…`; the sessions are in `WebStack-sessions` where it is started.

mod environments;
mod gateway;
mod table;

use std::io::{self, ErrorKind, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;

use clap::Parser;
use tokio::sync::{mpsc, watch};
use webstack_core::Sessions;
use webstack_demo_app::page::{Neighbour, announce};
use webstack_demo_server::{complain, log_to_stderr, told_to_stop};

use environments::{ENVIRONMENTS, Environment};

/// The demo application of webstack in every environment, side by side over one store.
#[derive(Parser)]
struct Options {
    /// The first port; the environments take it and the following ones. 0: any free ones.
    #[arg(long, value_name = "N", default_value_t = 8000)]
    port: u16,
}

fn main() -> ExitCode {
    if let Some(answered) = gateway::started_for_a_request() {
        return answered;
    }
    let options = Options::parse();
    log_to_stderr();
    let sessions = match webstack_actix_web::from_env() {
        Ok(sessions) => sessions,
        Err(error) => return complain("demo", 2, error),
    };
    match bind(options.port, &sessions).and_then(|listeners| serve(listeners, &sessions)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain("demo", 1, error),
    }
}

/// One socket per environment, before anything is served: all of them or none.
fn bind(first: u16, sessions: &Sessions) -> io::Result<Vec<(&'static Environment, TcpListener)>> {
    let port = |index: usize| match first {
        0 => Some(0),
        first => u16::try_from(index).ok().and_then(|index| first.checked_add(index)),
    };
    let bind = |(index, environment)| {
        let port = port(index).ok_or_else(|| {
            io::Error::new(ErrorKind::InvalidInput, format!("there are no ports behind {first}: choose a lower --port"))
        })?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| explain(port, error))?;
        Ok((environment, listener))
    };
    let (shared, left_out): (Vec<_>, Vec<_>) =
        ENVIRONMENTS.iter().partition(|environment| environment.can_share(sessions));
    for environment in left_out {
        // nobody is left to tell if standard error is gone
        let _ = writeln!(io::stderr(), "demo: {} is left out: its programs need a store on disk", environment.name);
    }
    shared.into_iter().enumerate().map(bind).collect()
}

fn explain(port: u16, error: io::Error) -> io::Error {
    let advice = match error.kind() {
        ErrorKind::AddrInUse => "is in use: choose another with --port N, or any free ones with --port 0",
        ErrorKind::PermissionDenied => "may not be used by you: choose one from 1024 on with --port N",
        _ => return error,
    };
    io::Error::new(error.kind(), format!("port {port} {advice}"))
}

/// Serves every environment on a thread of its own until the program is told to stop or one of them fails.
fn serve(listeners: Vec<(&'static Environment, TcpListener)>, sessions: &Sessions) -> io::Result<()> {
    let mut rows = vec![["environment", "URL", "sessions"].map(str::to_owned)];
    let mut neighbours = Vec::new();
    for (environment, listener) in &listeners {
        let url = format!("http://localhost:{}{}", listener.local_addr()?.port(), environment.path);
        neighbours.push(Neighbour { name: environment.name.to_owned(), url: url.clone() });
        rows.push([environment.name.to_owned(), url, sessions.place().to_owned()]);
    }
    announce(neighbours);
    // signals are heard before anybody is told that there is a server
    let told = told_to_stop()?;
    write!(io::stdout(), "{}", table::aligned(&rows))?;

    let (stop, stopped) = watch::channel(false);
    let (report, mut reports) = mpsc::unbounded_channel();
    for (environment, listener) in listeners {
        let (sessions, report, mut stopped) = (sessions.clone(), report.clone(), stopped.clone());
        std::thread::Builder::new().name(environment.name.to_owned()).spawn(move || {
            // an error means that the sender is gone, and the program with it
            let stop = async move { drop(stopped.wait_for(|stop| *stop).await) };
            // nobody listens any more if another environment failed
            let _ = report.send((environment.run)(listener, sessions, Box::new(|| ()), Box::pin(stop)));
        })?;
    }
    drop(report);

    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let ended = tokio::select! {
            () = told => Ok(()),
            Some(report) = reports.recv() => report,
        };
        stop.send_replace(true);
        while let Some(report) = reports.recv().await {
            report?;
        }
        ended
    })
}
