//! Web servers that start `demo-cgi` for each request: private instances, each with a directory of its own.

mod configuration;
mod place;

use std::fs;
use std::process::Command;

use webstack_testkit::environment::{Capabilities, EnvironmentUnderTest, NotStarted, PanicIs, Server, Settings};

use crate::launch::{are_installed, free_address, launch, next_number};
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
        are_installed(self.programs()).then_some(self)
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
        let number = next_number();
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
        inherited.apply(command.arg(root.join("run")));
        launch(&mut command, instance.address, || instance.is_ready_behind(*self), &instance.url())
    }
}
