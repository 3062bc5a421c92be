//! A server with a directory of its own: where a case takes place.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::TempDir;

use super::{Answer, Browser, EnvironmentUnderTest, Keeping, Server, Settings, Signal, Stopped};

/// A running server whose sessions are in a store that nobody else uses.
#[derive(Debug)]
pub struct Site {
    server: Server,
    settings: Settings,
    scratch: TempDir,
    keeping: Keeping,
}

/// What a site leaves behind when its server has stopped.
#[derive(Debug)]
pub struct Remains {
    scratch: TempDir,
    keeping: Keeping,
}

impl Remains {
    /// Everything that is stored: where, and what.
    pub(super) fn dump(&self) -> Vec<(String, Vec<u8>)> {
        self.keeping.dump(self.scratch.path())
    }
}

impl Site {
    /// Starts a server with the default settings.
    #[track_caller]
    pub fn open(environment: &dyn EnvironmentUnderTest) -> Site {
        Self::with(environment, &[])
    }

    /// Starts a server with these variables besides `WEBSTACK_STORE`.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[track_caller]
    pub fn with(environment: &dyn EnvironmentUnderTest, variables: &[(&str, &str)]) -> Site {
        let (scratch, keeping) = (scratch(), environment.keeping());
        let mut settings = settings(&scratch);
        if let Keeping::Elsewhere { url, .. } = &keeping {
            settings = settings.with("WEBSTACK_STORE", url);
        }
        for (name, value) in variables {
            settings = settings.with(name, value);
        }
        let server = start(environment, &settings);
        Site { server, settings, scratch, keeping }
    }

    /// A browser that has never been here.
    pub fn browser(&self) -> Browser {
        Browser::new(self.server.url())
    }

    /// A browser with a session that holds `{"n": 1}`.
    ///
    /// # Panics
    ///
    /// If the server gives it none.
    #[track_caller]
    pub fn visitor(&self) -> Browser {
        let mut browser = self.browser();
        browser.post("/api/increment/n").expect(200).token();
        browser
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Another server over the same store, with the same settings.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[track_caller]
    pub fn another(&self, environment: &dyn EnvironmentUnderTest) -> Server {
        start(environment, &self.settings)
    }

    /// Stops the server and starts another one in its place.
    ///
    /// # Panics
    ///
    /// If the one does not stop or the other not start.
    #[must_use]
    #[track_caller]
    pub fn restart(self, environment: &dyn EnvironmentUnderTest) -> Site {
        self.server.signal(Signal::Terminate);
        self.restart_stopped(environment)
    }

    /// As [`restart`](Site::restart), with other variables.
    ///
    /// # Panics
    ///
    /// As [`restart`](Site::restart).
    #[must_use]
    #[track_caller]
    pub fn restart_with(mut self, environment: &dyn EnvironmentUnderTest, variables: &[(&str, &str)]) -> Site {
        for (name, value) in variables {
            self.settings = self.settings.with(name, value);
        }
        self.restart(environment)
    }

    /// Starts another server in place of one that was told to stop.
    ///
    /// # Panics
    ///
    /// If the one does not end well or the other not start.
    #[must_use]
    #[track_caller]
    pub fn restart_stopped(self, environment: &dyn EnvironmentUnderTest) -> Site {
        let Site { server, settings, scratch, keeping } = self;
        let stopped = server.ended();
        assert!(stopped.status.success(), "a server that is told to stop ends well: {stopped:?}");
        Site { server: start(environment, &settings), settings, scratch, keeping }
    }

    /// Stops the server, and leaves what is stored for a look.
    pub fn close(self) -> (Stopped, Remains) {
        let Site { server, scratch, keeping, .. } = self;
        (server.stop(), Remains { scratch, keeping })
    }

    /// The directory of the store, if it is one.
    pub fn store(&self) -> PathBuf {
        store(&self.scratch)
    }

    /// How many sessions the store has.
    pub fn records(&self) -> usize {
        self.keeping.records(&self.store())
    }

    /// Replaces every record in the store by something that is none.
    pub(super) fn spoil(&self) {
        self.keeping.spoil(&self.store());
    }

    /// True if the sessions are in the [directory](Site::store).
    pub(super) fn is_in_directory(&self) -> bool {
        matches!(self.keeping, Keeping::Files)
    }

    /// Runs `slow`, a request that waits for a second inside the server, and meanwhile `quick`.
    ///
    /// `quick` begins when `slow` has had all the time it needs to load its session, and ends long before `slow` goes on.
    ///
    /// # Panics
    ///
    /// If one of them does.
    pub fn overlap<S: Send, Q>(&self, slow: impl FnOnce() -> S + Send, quick: impl FnOnce() -> Q) -> (S, Q) {
        thread::scope(|scope| {
            let slow = scope.spawn(slow);
            self.wait(300);
            let quick = quick();
            (slow.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), quick)
        })
    }

    /// Lets this many milliseconds pass inside the server, by its own clock.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub fn wait(&self, millis: u32) {
        self.browser().get(&format!("/api/slow-read/nothing?ms={millis}")).expect(200);
    }

    /// Waits until something is so that the server does in its own time.
    ///
    /// # Panics
    ///
    /// If it does not become so, or the server does not answer.
    #[track_caller]
    pub fn wait_until(&self, mut is_so: impl FnMut() -> bool) {
        let is_so_at_last = (0..200).any(|_| {
            let now = is_so();
            if !now {
                self.wait(25);
            }
            now
        });
        assert!(is_so_at_last, "it has not become so");
    }

    /// Runs the same at the same time: `times` requests of clones of one browser.
    ///
    /// # Panics
    ///
    /// If one of them does.
    pub fn crowd(
        times: usize,
        browser: &Browser,
        request: impl Fn(&mut Browser, usize) -> Answer + Sync,
    ) -> Vec<Answer> {
        thread::scope(|scope| {
            let ask = |index| {
                let (mut browser, request) = (browser.clone(), &request);
                scope.spawn(move || request(&mut browser, index))
            };
            let asked: Vec<_> = (0..times).map(ask).collect();
            asked
                .into_iter()
                .map(|answer| answer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }
}

/// How long a slow request waits, as its query says it: longer than what runs meanwhile.
pub(super) const PAUSE: &str = "ms=1000";

/// An empty directory.
///
/// # Panics
///
/// If there can be none.
pub(super) fn scratch() -> TempDir {
    tempfile::Builder::new().prefix("webstack-environment-").tempdir().expect("a temporary directory")
}

/// The settings of a server whose sessions are in this directory.
pub(super) fn settings(scratch: &TempDir) -> Settings {
    Settings::new(scratch.path()).with("WEBSTACK_STORE", &format!("file:{}", store(scratch).display()))
}

fn store(scratch: &TempDir) -> PathBuf {
    scratch.path().join("sessions")
}

#[track_caller]
fn start(environment: &dyn EnvironmentUnderTest, settings: &Settings) -> Server {
    environment.start(settings).unwrap_or_else(|error| panic!("the server does not start: {error:?}"))
}

/// All files below a directory; none where there is no directory.
pub(super) fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            // what a link leads to is somewhere else
            Ok(kind) if kind.is_symlink() => {}
            _ => found.push(entry.path()),
        }
    }
    found
}
