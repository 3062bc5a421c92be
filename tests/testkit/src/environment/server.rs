//! A server process: started, listened to, stopped.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What a server is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    directory: PathBuf,
    variables: Vec<(String, String)>,
}

impl Settings {
    /// No variables yet; the server is to run in this directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Settings { directory: directory.into(), variables: Vec::new() }
    }

    /// With this variable, in place of an earlier one of the same name.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(other, _)| other != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The directory in which the server is to run.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The variables that are to be set.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Sets up a command accordingly: nothing that it would inherit changes what is tested.
    pub fn apply(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            if name == "RUST_LOG" || name == "STATE_DIRECTORY" || name.to_string_lossy().starts_with("WEBSTACK_") {
                command.env_remove(name);
            }
        }
        command.current_dir(&self.directory).envs(self.variables());
    }
}

/// The server ended before it accepted connections.
#[derive(Debug)]
pub struct NotStarted {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// How a server was stopped and what it had written.
#[derive(Debug)]
pub struct Stopped {
    /// How it ended.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: Vec<u8>,
    /// All of its standard error.
    pub stderr: Vec<u8>,
}

/// How a server is told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM, as service managers send it.
    Terminate,
    /// SIGINT, as Ctrl-C sends it.
    Interrupt,
}

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    url: String,
    output: Option<Output>,
    leads_group: bool,
}

#[derive(Debug)]
struct Output {
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
}

/// How long a server may take to start, or to end once it is told to: a bound, not an expectation.
const PATIENCE: Duration = Duration::from_secs(30);

impl Server {
    /// Starts a command and waits until `ready` finds the base URL in a line of its standard output.
    ///
    /// # Errors
    ///
    /// If it ends before.
    ///
    /// # Panics
    ///
    /// If it cannot be started, or neither ends nor is ready in half a minute.
    pub fn spawn(
        command: &mut Command,
        ready: impl Fn(&str) -> Option<String> + Send + 'static,
    ) -> Result<Server, NotStarted> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let stdout = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        let (found, finding) = mpsc::channel();
        let stdout = std::thread::spawn(move || collect(stdout, |line| drop(ready(line).map(|url| found.send(url)))));
        let stderr = std::thread::spawn(move || collect(stderr, |_| ()));
        let output = Output { stdout, stderr };
        let mut server = Server { child, url: String::new(), output: Some(output), leads_group: false };
        match finding.recv_timeout(PATIENCE) {
            Ok(url) => server.url = url.trim_end_matches('/').to_owned(),
            Err(RecvTimeoutError::Disconnected) => {
                let Stopped { status, stderr, .. } = server.ended();
                return Err(NotStarted { status, stderr: String::from_utf8_lossy(&stderr).into_owned() });
            }
            Err(RecvTimeoutError::Timeout) => panic!("{command:?} is not ready after {PATIENCE:?}"),
        }
        Ok(server)
    }

    /// A server that somebody else found out to be ready, with its standard output and error piped.
    ///
    /// # Panics
    ///
    /// If they are not piped.
    pub fn adopt(mut child: Child, url: &str) -> Server {
        let stdout = child.stdout.take().expect("standard output is piped");
        let stderr = child.stderr.take().expect("standard error is piped");
        let stdout = std::thread::spawn(move || collect(stdout, |_| ()));
        let stderr = std::thread::spawn(move || collect(stderr, |_| ()));
        let (url, output) = (url.trim_end_matches('/').to_owned(), Some(Output { stdout, stderr }));
        Server { child, url, output, leads_group: false }
    }

    /// A server of several processes that leads a process group of its own: dropping it kills all of the group.
    ///
    /// [`CommandExt::process_group`](std::os::unix::process::CommandExt::process_group) makes the group.
    #[cfg(unix)]
    #[must_use]
    pub fn leading_its_group(self) -> Server {
        let mut server = self;
        server.leads_group = true;
        server
    }

    /// Where the application is mounted, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Tells the server to stop, and does not wait for it.
    ///
    /// # Panics
    ///
    /// If it does not exist any more.
    #[cfg(unix)]
    pub fn signal(&self, signal: Signal) {
        let signal = match signal {
            Signal::Terminate => rustix::process::Signal::TERM,
            Signal::Interrupt => rustix::process::Signal::INT,
        };
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, signal).expect("a child that was not waited for exists");
    }

    /// Tells the server to stop, and does not wait for it. Where there are no signals it is killed.
    #[cfg(not(unix))]
    pub fn signal(&self, _: Signal) {
        let id = self.child.id().to_string();
        drop(Command::new("taskkill").args(["/F", "/PID", &id]).status());
    }

    /// Tells the server to stop and waits until it has.
    ///
    /// # Panics
    ///
    /// If it has not after half a minute.
    pub fn stop(self) -> Stopped {
        self.signal(Signal::Terminate);
        self.ended()
    }

    /// Waits until the server, told to stop, has done so.
    ///
    /// # Panics
    ///
    /// If it has not after half a minute.
    pub fn ended(mut self) -> Stopped {
        let begun = Instant::now();
        let status = loop {
            match self.child.try_wait().expect("a child can be waited for") {
                Some(status) => break status,
                None if begun.elapsed() > PATIENCE => panic!("the server does not end: {}", self.url),
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        let Output { stdout, stderr } = self.output.take().expect("only this method takes it, and takes the server");
        let collected = |thread: JoinHandle<Vec<u8>>| thread.join().expect("collecting does not panic");
        Stopped { status, stdout: collected(stdout), stderr: collected(stderr) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        #[cfg(unix)]
        if self.leads_group {
            let group = rustix::process::Pid::from_child(&self.child);
            // it fails if nobody of the group is left
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            // Those whose parent has ended are ours to wait for, if this process asked for it.
            while rustix::process::waitpgid(group, rustix::process::WaitOptions::empty()).is_ok() {}
        }
        // both fail only if it has ended already
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Reads to the end, showing each line as it comes. A line that is not text is shown as well as it can be.
fn collect(from: impl Read, mut each: impl FnMut(&str)) -> Vec<u8> {
    let mut from = BufReader::new(from);
    let mut all = Vec::new();
    loop {
        let start = all.len();
        match from.read_until(b'\n', &mut all) {
            Ok(0) | Err(_) => return all,
            Ok(_) => each(String::from_utf8_lossy(&all[start..]).trim_end()),
        }
    }
}
