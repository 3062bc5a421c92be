//! What `docs/sharing.md` tells people to write, for running just that.

use std::net::SocketAddr;
use std::path::Path;

const PAGE: &str = include_str!("../../../docs/sharing.md");

/// The settings and the proxy's configuration under one heading of the page, and what a test makes of them.
#[derive(Clone, Debug)]
pub struct Documented {
    nginx: String,
    variables: Vec<(String, String)>,
}

impl Documented {
    /// What stands under this heading.
    ///
    /// # Panics
    ///
    /// If nothing does.
    pub fn under(heading: &str) -> Self {
        let (_, behind) = PAGE.split_once(&format!("\n## {heading}\n")).expect("a heading of the page");
        let section = behind.split("\n## ").next().unwrap_or_default();
        let block = |language: &str| {
            let (_, code) = section.split_once(&format!("\n```{language}\n")).expect("a block of code");
            code.split_once("```").expect("the block ends").0.to_owned()
        };
        let setting = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables = block("sh").lines().map(|line| setting(line).expect("a setting")).collect();
        Documented { nginx: block("nginx"), variables }
    }

    /// With another value of a setting; an empty one counts as unset.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(other, _)| other != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a piece of the configuration replaced.
    ///
    /// # Panics
    ///
    /// If there is no such piece.
    #[must_use]
    pub fn edited(mut self, piece: &str, other: &str) -> Self {
        assert!(self.nginx.contains(piece), "{piece} is not in {}", self.nginx);
        self.nginx = self.nginx.replace(piece, other);
        self
    }

    /// With more servers behind the others.
    #[must_use]
    pub fn and(mut self, servers: &str) -> Self {
        self.nginx.push_str(servers);
        self
    }

    /// The settings, with the store in this directory.
    pub(crate) fn settings(&self, directory: &Path) -> impl Iterator<Item = (&str, String)> {
        let directory = directory.display().to_string();
        self.variables.iter().map(move |(name, value)| (name.as_str(), value.replace("/var/lib/example", &directory)))
    }

    /// The configuration, listening here, with the certificate in this directory and the applications there.
    pub(crate) fn nginx(&self, here: SocketAddr, certificate: &Path, applications: &[&str]) -> String {
        let certificate = certificate.display().to_string();
        let mut here = self.clone().edited("listen 443", &format!("listen {here}")).edited("/etc/ssl", &certificate);
        for (port, application) in (8001..).zip(applications) {
            let documented = format!("http://127.0.0.1:{port}");
            // Not every configuration has all of them.
            here.nginx = here.nginx.replace(&documented, application);
        }
        assert!(!here.nginx.contains("127.0.0.1:800"), "an application is missing: {}", here.nginx);
        here.nginx
    }
}
