//! A process between a client and a server, which a test can stop where it stands.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use super::process::{Process, answer};

const SERVER: &str = "WEBSTACK_STALENESS_FORWARD";

/// A process that passes on what is between a client and a server. Whoever uses it needs a test of this name that calls
/// [`forwarder`].
#[derive(Debug)]
pub struct Forwarder {
    process: Process,
    port: u16,
}

impl Forwarder {
    /// Starts one for the server on this port.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start(server: u16) -> Forwarder {
        let mut process = Process::start("forwarder", &[(SERVER, &server.to_string())]);
        let port = process.hear()[0].try_into().expect("a port");
        Forwarder { process, port }
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops it where it stands (SIGSTOP): connections stay open, and nothing comes through.
    pub fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets it go on, with what was held up (SIGCONT).
    pub fn thaw(&self) {
        self.process.thaw();
    }
}

/// What the test `forwarder` does: nothing, unless a test has started it to be a [`Forwarder`].
///
/// # Panics
///
/// If there is no port to listen on.
pub fn forwarder() {
    if let Ok(port) = std::env::var(SERVER) {
        forward(port.parse().expect("a port"), |port| answer(&[port.into()]));
    }
}

/// Passes on everything to a server on this machine and back, until its standard input ends; says on which port it listens.
fn forward(server: u16, ready: impl FnOnce(u16)) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    ready(listener.local_addr().expect("an address").port());
    thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.expect("a connection");
            let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
            for stream in [&client, &server] {
                stream.set_nodelay(true).expect("a setting");
            }
            let [there, back] = [(&client, &server), (&server, &client)]
                .map(|(from, to)| (from.try_clone().expect("a handle"), to.try_clone().expect("a handle")));
            for (mut from, mut to) in [there, back] {
                thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Both);
                });
            }
        }
    });
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
}
