//! The operator's command line: looks at the sessions of an application, ends them, and frees what has expired.
//!
//! ```text
//! cargo run --features cli --bin webstack -- --store file:/var/lib/shop/WebStack-sessions doctor
//! ```
//!
//! Settings are the environment variables `WEBSTACK_…`, the same as the application's: run it with those, in the same
//! directory, as the same user. It makes no directory, and nothing it prints can be sent as a cookie.

mod commands;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use webstack::store::Repair;
use webstack::{ConfigError, Error, SessionId, Sessions};

/// Looks at the sessions of an application, ends them, and frees what has expired.
#[derive(Parser)]
#[command(name = "webstack", version, after_help = STATUSES)]
struct Options {
    /// Where the sessions are, in place of WEBSTACK_STORE.
    #[arg(long, global = true, value_name = "URL")]
    store: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Says whether the sessions can be kept where they are, how many there are, and what is wrong with them.
    #[command(after_help = STATUSES)]
    Doctor {
        /// Puts back what the index of users lacks, as it may in a copy of a directory that was in use.
        #[arg(long)]
        repair: bool,
    },
    /// Removes what has expired, and says how much was removed and how much is left. For a daily job.
    Purge,
    /// Makes what the store needs on its server: tables.
    Setup,
    /// Moves what nobody asks for out of the store that sessions move from.
    Move {
        /// The store that is left, in place of WEBSTACK_MOVE_FROM.
        #[arg(long, value_name = "URL")]
        from: Option<String>,
    },
    /// Lists the sessions that are alive, a line of JSON each.
    List {
        /// Only those in which this user is signed in.
        #[arg(long)]
        user: Option<String>,
    },
    /// Ends sessions, whoever uses them.
    #[command(group(clap::ArgGroup::new("which").required(true)))]
    End {
        /// The public ids of the sessions.
        #[arg(group = "which", value_name = "ID")]
        ids: Vec<SessionId>,
        /// All sessions in which this user is signed in.
        #[arg(long, group = "which")]
        user: Option<String>,
    },
}

/// What scripts and timers go by.
const STATUSES: &str = "Exit status:
  0  it is done, and nothing is wrong
  1  the store failed, or its disk is full
  2  a setting or an argument is wrong
  3  the doctor found something that is wrong, and still is";

/// Why a command did not do what it was asked for.
enum Failure {
    /// The settings are wrong: 2.
    Settings(ConfigError),
    /// The store failed: 1.
    Store(Error),
    /// The doctor found something, and has said what: 3.
    Found,
    /// There is nobody to print to, or nothing to run on.
    Output(io::Error),
}

fn main() -> ExitCode {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .init();
    let (place, done) = match open(&options) {
        Ok(sessions) => (sessions.place().to_owned(), run(&sessions, options.command)),
        Err(failure) => (String::new(), Err(failure)),
    };
    let Err(failure) = done else { return ExitCode::SUCCESS };
    let (status, why) = match failure {
        // It says the mend itself.
        Failure::Settings(error) => (if is_full(&error) { 1 } else { 2 }, error.to_string()),
        Failure::Store(error) => {
            let mend = match error {
                _ if is_full(&error) => "; free space there; `webstack purge` frees what has expired",
                Error::Unavailable(_) => "; see that it runs, and that this user may reach it from here",
                _ => "",
            };
            (1, format!("{place}: {}{mend}", with_causes(&error)))
        }
        Failure::Found => return ExitCode::from(3),
        // as `webstack list | head` does
        Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Failure::Output(error) => (1, error.to_string()),
    };
    // nobody is left to tell if standard error is gone
    let _ = writeln!(io::stderr(), "webstack: {why}");
    ExitCode::from(status)
}

fn open(options: &Options) -> Result<Sessions, Failure> {
    let builder =
        Sessions::builder().create_directory(false).probe_directory(false).env().map_err(Failure::Settings)?;
    let builder = match &options.store {
        Some(url) => builder.store_url(url),
        None => builder,
    };
    let builder = match &options.command {
        Command::Move { from: Some(url) } => builder.move_from_url(url),
        _ => builder,
    };
    // What is looked at is what is stored.
    let builder = builder.cache(None);
    let sessions = builder.runtime(webstack::runtime::Tokio).build().map_err(Failure::Settings)?;
    if !sessions.store().capabilities().multi_process {
        let problem = "this store is inside of the application's process, where nobody else can look";
        return Err(Failure::Settings(ConfigError::new("WEBSTACK_STORE", problem, "use `file:`")));
    }
    Ok(sessions)
}

fn run(sessions: &Sessions, command: Command) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Output)?;
    runtime.block_on(async {
        match command {
            Command::Doctor { repair } => {
                let repair = if repair { Repair::Markers } else { Repair::Nothing };
                commands::doctor(sessions, repair, &mut out).await
            }
            Command::Purge => commands::purge(sessions, &mut out).await,
            Command::Setup => commands::set_up(sessions, &mut out).await,
            Command::Move { .. } => commands::move_all(sessions, &mut out).await,
            Command::List { user } => commands::list(sessions, user.as_deref(), &mut out).await,
            Command::End { ids, user } => commands::end(sessions, &ids, user.as_deref(), &mut out).await,
        }
    })
}

/// Whether there is no room for something: that is nobody's setting, and passes.
fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .filter_map(|error| error.downcast_ref())
        .any(|error: &io::Error| matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
}

/// An error and its causes, each said once: many say their cause themselves.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |error| error.source()).map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
