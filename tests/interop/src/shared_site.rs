//! Applications in several environments over one directory, behind one proxy.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use webstack_testkit::environment::{EnvironmentUnderTest as _, Program, Server, Settings};

use crate::launch::{are_installed, find, free_address, launch, next_number};
use crate::{Chromium, Curl, Documented, Visitor, nginx, program};

/// The applications, in the order of their ports on the page.
const APPLICATIONS: [&str; 3] = ["demo-actix-web", "demo-axum", "demo-rocket"];

/// A running site of several applications. Dropping it stops it.
#[derive(Debug)]
pub struct SharedSite {
    proxy: Server,
    address: SocketAddr,
    applications: Vec<Server>,
    _place: TempDir,
}

impl SharedSite {
    /// Starts what is documented. `None`, said aloud, if there is no nginx on this machine.
    ///
    /// # Panics
    ///
    /// If it is missing though everything is to be tested, or something does not start.
    pub fn start(documented: &Documented) -> Option<Self> {
        Self::start_each(&[documented.clone(), documented.clone(), documented.clone()])
    }

    /// Starts it with settings of its own for each application; the proxy is the first one's.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn start_each(documented: &[Documented; 3]) -> Option<Self> {
        if !are_installed(&["nginx"]) {
            return None;
        }
        let place = tempfile::tempdir().expect("a directory");
        fs::set_permissions(place.path(), Permissions::from_mode(0o755)).expect("it is ours");
        let applications: Vec<_> = APPLICATIONS
            .iter()
            .zip(documented)
            .map(|(name, documented)| start(name, documented, place.path()))
            .collect();
        let urls: Vec<_> = applications.iter().map(Server::url).collect();

        write_certificate(place.path());
        let address = free_address(next_number());
        let servers = documented[0].nginx(address, place.path(), &urls);
        let configuration = place.path().join("nginx.conf");
        fs::write(&configuration, nginx::configuration(place.path(), &servers)).expect("a configuration");
        let mut command = Command::new(find("nginx").expect("it is installed"));
        command.args(["-e", "stderr", "-p"]).arg(place.path()).arg("-c").arg(configuration);
        let proxy = launch(&mut command, address, || true, &format!("https://{address}"));
        let proxy = proxy.unwrap_or_else(|error| panic!("{error:?}: {servers}"));
        Some(SharedSite { proxy, address, applications, _place: place })
    }

    /// Everybody who can visit on this machine, each without cookies, for whom every name is this site's.
    pub fn visitors(&self) -> Vec<Box<dyn Visitor>> {
        let curl = self.curl().map(|curl| Box::new(curl) as Box<dyn Visitor>);
        let chromium = self.chromium().map(|chromium| Box::new(chromium) as Box<dyn Visitor>);
        curl.into_iter().chain(chromium).collect()
    }

    /// curl, if it is there.
    pub fn curl(&self) -> Option<Curl> {
        Curl::in_front_of(self.address)
    }

    /// Chromium, if it is there.
    pub fn chromium(&self) -> Option<Chromium> {
        Chromium::in_front_of(self.address)
    }

    /// Stops everything; what each application told its log.
    pub fn stop(self) -> Vec<String> {
        self.proxy.stop();
        let stopped = self.applications.into_iter().map(|application| application.stop().stderr);
        stopped.map(|log| String::from_utf8_lossy(&log).into_owned()).collect()
    }
}

fn start(name: &str, documented: &Documented, place: &Path) -> Server {
    let settings = documented.settings(place);
    let settings = settings.fold(Settings::new(place), |all, (variable, value)| all.with(variable, &value));
    Program::new(program(name)).start(&settings).expect("it starts")
}

/// A certificate that nobody trusts, under the names of the page.
fn write_certificate(directory: &Path) {
    let made = rcgen::generate_simple_self_signed(["example.test".into(), "*.example.test".into()]);
    let rcgen::CertifiedKey { cert, signing_key } = made.expect("good names");
    fs::write(directory.join("example.test.pem"), cert.pem()).expect("a file");
    fs::write(directory.join("example.test.key"), signing_key.serialize_pem()).expect("a file");
}
