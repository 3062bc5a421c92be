//! Starting what is not ours: whether it is there, on which address, and when it is ready.

use std::env;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use nix::unistd::Uid;
use webstack_testkit::environment::matrix::skip;
use webstack_testkit::environment::{NotStarted, Server};

/// Whom servers run as, if they are started by root: Apache refuses to run programs as root.
pub(crate) const USER: &str = "www-data";

/// True if servers have to be told whom to run as.
pub(crate) fn is_root() -> bool {
    Uid::effective().is_root()
}

/// True if the programs are on this machine; if not, that is said aloud.
///
/// # Panics
///
/// If one is missing though everything is to be tested.
pub(crate) fn are_installed(programs: &[&str]) -> bool {
    let Some(missing) = programs.iter().find(|program| find(program).is_none()) else { return true };
    assert!(!crate::all(), "{missing} is missing");
    skip("all of it", &format!("{missing} is not installed here"));
    false
}

/// Where a program of this machine is, if it is; servers are where the path of many users does not lead.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|directory| directory.join(program))
        .find(|path| path.is_file())
}

/// A server that was not started by this process before, as its number tells.
pub(crate) fn next_number() -> u16 {
    static STARTED: AtomicU16 = AtomicU16::new(0);
    STARTED.fetch_add(1, Ordering::Relaxed)
}

/// An address that nobody else listens on, nor will: each server of each test has a loopback address of its own.
pub(crate) fn free_address(number: u16) -> SocketAddr {
    let [high, low] = number.to_be_bytes();
    let process = u8::try_from(std::process::id() % 250).expect("it is less than 250");
    let own = Ipv4Addr::new(127, process + 1, high, low.max(1));
    let bound = TcpListener::bind((own, 0)).expect("a loopback address");
    bound.local_addr().expect("it is bound")
}

/// How long a server may take to accept connections: a bound, not an expectation.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts a server in a process group of its own, and waits until it accepts connections and what is behind it is ready.
///
/// # Errors
///
/// If it ends before.
pub(crate) fn launch(
    command: &mut Command,
    address: SocketAddr,
    is_ready_behind: impl Fn() -> bool,
    url: &str,
) -> Result<Server, NotStarted> {
    // Servers leave processes behind when they are killed, and not every machine has somebody who waits for them.
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).expect("it is always allowed");
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child: Child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            let output = child.wait_with_output().expect("its output is piped");
            return Err(NotStarted { status, stderr: String::from_utf8_lossy(&output.stderr).into_owned() });
        }
        if TcpStream::connect(address).is_ok() && is_ready_behind() {
            return Ok(Server::adopt(child, url).leading_its_group());
        }
        assert!(begun.elapsed() < PATIENCE, "{command:?} is not ready after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
