//! The real curl, with a cookie jar: what a browser's rules are to a program.

use std::net::SocketAddr;
use std::process::Command;

use tempfile::NamedTempFile;

use crate::launch::are_installed;

/// curl and its cookie jar.
#[derive(Debug)]
pub struct Curl {
    jar: NamedTempFile,
    server: SocketAddr,
}

impl Curl {
    /// curl without cookies, for which every name and port is this server, whose certificate it does not look at.
    /// `None`, said aloud, if there is none on this machine.
    ///
    /// # Panics
    ///
    /// If it is missing though everything is to be tested.
    pub fn in_front_of(server: SocketAddr) -> Option<Self> {
        let jar = NamedTempFile::new().expect("a temporary file");
        are_installed(&["curl"]).then_some(Curl { jar, server })
    }

    /// Another one with the cookies that this one has now.
    ///
    /// # Panics
    ///
    /// If they cannot be copied.
    #[must_use]
    pub fn twin(&self) -> Self {
        let jar = NamedTempFile::new().expect("a temporary file");
        std::fs::copy(self.jar.path(), jar.path()).expect("a copy");
        Curl { jar, server: self.server }
    }

    /// The body of what is answered.
    ///
    /// # Panics
    ///
    /// If that is an error, with what curl says.
    pub fn send(&self, method: &str, url: &str) -> String {
        self.try_send(method, url).unwrap_or_else(|told| panic!("{method} {url}: {told}"))
    }

    /// The body of what is answered.
    ///
    /// # Errors
    ///
    /// What curl says if that is an error.
    ///
    /// # Panics
    ///
    /// If there is no text in the body.
    pub fn try_send(&self, method: &str, url: &str) -> Result<String, String> {
        let jar = self.jar.path();
        let output = Command::new("curl")
            // No settings of whoever runs this, and no proxy.
            .args(["--disable", "--noproxy", "*", "--silent", "--show-error", "--fail", "--insecure"])
            .args(["--max-time", "60", "--connect-to", &format!("::{}", self.server), "--request", method])
            .arg("--cookie")
            .arg(jar)
            .arg("--cookie-jar")
            .args([jar.as_os_str(), url.as_ref()])
            .output()
            .expect("curl starts");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8(output.stdout).expect("it is text"))
    }

    /// The value of a cookie in the jar.
    ///
    /// # Panics
    ///
    /// If there is none of this name.
    pub fn cookie(&self, name: &str) -> String {
        let jar = std::fs::read_to_string(self.jar.path()).expect("a jar");
        // A line is: domain, whether for subdomains, path, whether secure, expiry, name, value.
        let value = jar.lines().find_map(|line| line.split_once(&format!("\t{name}\t")).map(|(_, value)| value));
        value.unwrap_or_else(|| panic!("no {name} in {jar}")).to_owned()
    }
}
