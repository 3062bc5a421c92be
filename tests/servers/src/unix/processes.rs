//! A process and those that it started.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A process with its children and theirs, none of which does anything until it is told to resume.
#[derive(Debug)]
pub(crate) struct Stopped(Vec<Pid>);

impl Stopped {
    /// Stops a process first and those below it then, so that none is started meanwhile.
    pub(crate) fn stop(root: Pid) -> Stopped {
        let mut stopped = Vec::new();
        let mut found = vec![root];
        while !found.is_empty() {
            send(&found, Signal::STOP);
            // one that has yet to take notice could start another
            wait_while(|| found.iter().any(|process| is_running(*process)));
            stopped.append(&mut found);
            found = below(root).into_iter().filter(|process| !stopped.contains(process)).collect();
        }
        Stopped(stopped)
    }

    /// Kills all of them at once, as nothing that they could do about it.
    pub(crate) fn kill(&self) {
        send(&self.0, Signal::KILL);
    }

    /// Waits until none but the first is left; that one is the caller's child, who has to wait for it.
    pub(crate) fn wait_for_children(&self) {
        wait_while(|| self.0[1..].iter().any(|process| is_alive(*process)));
    }
}

/// Lets a process and those below it go on.
pub(crate) fn resume(root: Pid) {
    // the children first: their parent shall not find them silent
    let mut all = below(root);
    all.push(root);
    send(&all, Signal::CONT);
}

fn send(processes: &[Pid], signal: Signal) {
    for process in processes {
        // it fails if the process has ended
        let _ = kill_process(*process, signal);
    }
}

/// The children of a process, theirs, and so on.
fn below(root: Pid) -> Vec<Pid> {
    let all: Vec<(Pid, Pid)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw))
        .filter_map(|process| Some((process, stat(process)?.1?)))
        .collect();
    let mut found = vec![root];
    let mut seen = 0;
    while let Some(parent) = found.get(seen).copied() {
        found.extend(all.iter().filter(|(_, its)| *its == parent).map(|(process, _)| *process));
        seen += 1;
    }
    found.split_off(1)
}

/// Waits while this is so, for some seconds.
fn wait_while(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while is_so() && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// False if a process is stopped, or is none any more.
fn is_running(process: Pid) -> bool {
    is_alive(process) && stat(process).is_some_and(|(state, _)| !state.starts_with(['T', 't']))
}

/// False if there is no such process, or it has ended and nobody has asked how.
fn is_alive(process: Pid) -> bool {
    stat(process).is_some_and(|(state, _)| !state.starts_with(['Z', 'X']))
}

/// The state of a process and its parent.
fn stat(process: Pid) -> Option<(String, Option<Pid>)> {
    let line = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    // the name of the program is in parentheses, and may be anything
    let mut fields = line.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?.to_owned();
    Some((state, fields.next()?.parse().ok().and_then(Pid::from_raw)))
}
