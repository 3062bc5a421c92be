//! Web servers that start `demo-cgi` for each request: private instances, each with a directory of its own.

mod configuration;
mod place;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use webstack_testkit::environment::matrix::skip;
use webstack_testkit::environment::{Capabilities, EnvironmentUnderTest, NotStarted, PanicIs, Server, Settings};

use configuration::Instance;

/// A web server as Debian packages it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebServer {
    /// Apache with `mod_cgid`, as under the event MPM.
    ApacheCgid,
    /// Apache with `mod_cgi`, as under the prefork MPM.
    ApacheCgi,
    /// lighttpd with `mod_cgi`.
    Lighttpd,
    /// nginx, and fcgiwrap behind it.
    Nginx,
    /// The web server of busybox.
    Busybox,
}

impl WebServer {
    /// The server; `None`, said aloud, if this machine lacks it.
    ///
    /// # Panics
    ///
    /// If it is missing though everything is to be tested.
    pub fn if_installed(self) -> Option<Self> {
        let missing = self.programs().iter().find(|program| configuration::find(program).is_none());
        let Some(missing) = missing else { return Some(self) };
        assert!(!crate::all(), "{missing} is missing");
        skip(&format!("{self:?}"), &format!("{missing} is not installed here"));
        None
    }

    fn programs(self) -> &'static [&'static str] {
        match self {
            WebServer::ApacheCgid | WebServer::ApacheCgi => &["apache2"],
            WebServer::Lighttpd => &["lighttpd"],
            WebServer::Nginx => &["nginx", "fcgiwrap", "spawn-fcgi"],
            WebServer::Busybox => &["busybox"],
        }
    }
}

impl EnvironmentUnderTest for WebServer {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new(PanicIs::Status500).with_several_processes().started_per_request().with_dots_resolved()
    }

    fn start(&self, settings: &Settings) -> Result<Server, NotStarted> {
        // Servers leave processes behind when they are killed, and not every machine has somebody who waits for them.
        #[cfg(target_os = "linux")]
        rustix::process::set_child_subreaper(Some(rustix::process::getpid())).expect("it is always allowed");
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let root = settings.directory().join(format!("server-{number}"));
        place::prepare(settings.directory(), &root);
        let instance = Instance { root: &root, address: free_address(number), settings };
        fs::write(root.join("run"), instance.script(*self)).expect("a script");
        let mut command = Command::new("sh");
        // The server's own variables are not the program's, unless there is no other way.
        let inherited = Settings::new(&root);
        let inherited = match self {
            WebServer::Busybox => settings.variables().fold(inherited, |all, (name, value)| all.with(name, value)),
            _ => inherited,
        };
        inherited.apply(command.arg(root.join("run")).process_group(0));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("there is a shell");
        wait_until_ready(child, &instance)
    }
}

static STARTED: AtomicU16 = AtomicU16::new(0);

/// An address that nobody else listens on, nor will: each server of each test has a loopback address of its own.
fn free_address(number: u16) -> SocketAddr {
    let [high, low] = number.to_be_bytes();
    let process = u8::try_from(std::process::id() % 250).expect("it is less than 250");
    let own = Ipv4Addr::new(127, process + 1, high, low.max(1));
    let bound = TcpListener::bind((own, 0)).expect("a loopback address");
    bound.local_addr().expect("it is bound")
}

/// How long a server may take to accept connections: a bound, not an expectation.
const PATIENCE: Duration = Duration::from_secs(30);

fn wait_until_ready(mut child: Child, instance: &Instance<'_>) -> Result<Server, NotStarted> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            let output = child.wait_with_output().expect("its output is piped");
            return Err(NotStarted { status, stderr: String::from_utf8_lossy(&output.stderr).into_owned() });
        }
        let sockets: Vec<PathBuf> = instance.sockets();
        if sockets.iter().all(|socket| socket.exists()) && TcpStream::connect(instance.address).is_ok() {
            return Ok(Server::adopt(child, &instance.url()).leading_its_group());
        }
        assert!(begun.elapsed() < PATIENCE, "{} is not ready after {PATIENCE:?}", Path::new(instance.root).display());
        std::thread::sleep(Duration::from_millis(5));
    }
}
