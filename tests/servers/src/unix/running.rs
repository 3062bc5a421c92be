//! A server process in its place: started, paused, killed, started again.

use std::fmt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::place::Place;
use super::processes::{self, Stopped};
use super::{commands, ports};
use crate::NotStarted;

/// How a server is started, asked and told to stop.
pub(crate) struct Recipe {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// The command that succeeds once the server answers. It has to ask over a socket in the server's place: on the port
    /// somebody else may answer, who was faster to bind it.
    pub(crate) ask: Box<dyn Fn() -> Command + Send + Sync>,
    /// How it is stopped when its data are to be used again.
    pub(crate) stop: Signal,
    /// How it is stopped when they are not.
    pub(crate) give_up: Signal,
}

/// A server, which is stopped and whose directory is removed when it is dropped.
pub(crate) struct Running {
    // one that was stopped or killed is none
    child: Mutex<Option<Child>>,
    recipe: Recipe,
    port: u16,
    place: Place,
}

/// How often another port is tried when the one that was free is taken.
const ATTEMPTS: usize = 5;

/// How long a server may take to answer: a bound, not an expectation.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a server may take to stop before it is killed.
const PATIENCE_TO_STOP: Duration = Duration::from_secs(20);

impl Running {
    /// Starts a server on a free port.
    pub(crate) fn start(place: Place, recipe: impl Fn(&Place, u16) -> Recipe) -> Result<Running, NotStarted> {
        Self::start_on(ports::free(), place, recipe)
    }

    /// Starts a server on one of these ports, the first few of which are tried.
    fn start_on(
        ports: impl Iterator<Item = u16>,
        place: Place,
        recipe: impl Fn(&Place, u16) -> Recipe,
    ) -> Result<Running, NotStarted> {
        let mut failure = NotStarted::failed("there was no port to try");
        for port in ports.take(ATTEMPTS) {
            let recipe = recipe(&place, port);
            match answering(&place, &recipe) {
                Ok(child) => return Ok(Running { child: Mutex::new(Some(child)), recipe, port, place }),
                Err(taken) if taken.address_was_taken() => failure = taken,
                Err(failed) => return Err(failed),
            }
        }
        Err(failure)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn process(&self) -> Option<u32> {
        self.child().as_ref().map(Child::id)
    }

    pub(crate) fn pause(&self) {
        if let Some(child) = &*self.child() {
            Stopped::stop(Pid::from_child(child));
        }
    }

    pub(crate) fn resume(&self) {
        if let Some(child) = &*self.child() {
            processes::resume(Pid::from_child(child));
        }
    }

    pub(crate) fn kill(&self) {
        if let Some(child) = self.child().take() {
            kill(&self.place, child);
        }
    }

    pub(crate) fn restart(&self) -> Result<(), NotStarted> {
        let mut child = self.child();
        if let Some(child) = child.take() {
            stop(&self.place, child, self.recipe.stop);
        }
        *child = Some(answering(&self.place, &self.recipe)?);
        Ok(())
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        // whoever panicked is a test that failed; the server is there all the same
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = self.child().take() {
            stop(&self.place, child, self.recipe.give_up);
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("port", &self.port)
            .field("directory", &self.place.path())
            .finish_non_exhaustive()
    }
}

/// Starts a server and waits until it answers.
fn answering(place: &Place, recipe: &Recipe) -> Result<Child, NotStarted> {
    let length = place.log_length();
    let begun = Instant::now();
    let mut child = place.spawn(&recipe.program, &recipe.arguments)?;
    let failed = |what: String| {
        let program = recipe.program.display();
        NotStarted::failed(format!("{program} {what}; its log:\n{}", place.log_since(length)))
    };
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                place.forget();
                return Err(failed(format!("ended: {status}")));
            }
            Ok(None) if commands::agrees(&mut (recipe.ask)()) => return Ok(child),
            Ok(None) if begun.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(20)),
            Ok(None) | Err(_) => {
                kill(place, child);
                return Err(failed(format!("does not answer after {PATIENCE:?}")));
            }
        }
    }
}

/// Stops a server and waits for it; if it does not stop, it is killed.
fn stop(place: &Place, mut child: Child, signal: Signal) {
    let process = Pid::from_child(&child);
    processes::resume(process);
    // it fails only if it has ended by itself
    let _ = kill_process(process, signal);
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE_TO_STOP {
        match child.try_wait() {
            Ok(Some(_)) => return place.forget(),
            Ok(None) => std::thread::sleep(Duration::from_millis(2)),
            Err(_) => break,
        }
    }
    kill(place, child);
}

/// Kills a server with all of its processes and waits for them.
fn kill(place: &Place, mut child: Child) {
    let all = Stopped::stop(Pid::from_child(&child));
    all.kill();
    // it fails only if somebody else waited for it
    drop(child.wait());
    all.wait_for_children();
    place.forget();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that says of one port that it is taken, and answers on every other.
    fn recipe(place: &Place, port: u16, taken: u16) -> Recipe {
        let script =
            format!("[ {port} != {taken} ] || {{ echo Address already in use; exit 1; }}; >answers; exec sleep 60");
        let answers = place.join("answers");
        Recipe {
            program: commands::find("sh").expect("there is a shell"),
            arguments: vec!["-c".to_owned(), script],
            ask: Box::new(move || {
                let mut ask = Command::new("test");
                ask.arg("-e").arg(&answers);
                ask
            }),
            stop: Signal::TERM,
            give_up: Signal::TERM,
        }
    }

    fn place() -> Place {
        Place::new("none", None, "TERM").expect("a directory")
    }

    #[test]
    fn another_port_is_tried_when_one_is_taken() {
        let running = Running::start_on([1, 1, 2].into_iter(), place(), |place, port| recipe(place, port, 1));
        assert_eq!(running.expect("port 2 is free").port(), 2);
    }

    #[test]
    fn nobody_tries_ports_for_ever() {
        let running = Running::start_on(std::iter::repeat(1), place(), |place, port| recipe(place, port, 1));
        assert!(running.expect_err("port 1 is taken").address_was_taken());
    }

    #[test]
    fn whatever_else_goes_wrong_is_told_with_the_log() {
        let running = Running::start_on([1, 2].into_iter(), place(), |place, port| Recipe {
            arguments: vec!["-c".to_owned(), format!("echo broken on {port} >&2; exit 3")],
            ..recipe(place, port, 0)
        });
        let told = running.expect_err("it ends").to_string();
        assert!(told.contains("exit status: 3") && told.contains("broken on 1"), "{told}");
    }
}
