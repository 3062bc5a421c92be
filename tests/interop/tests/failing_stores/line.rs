//! A line to a server that loses answers: what was asked is done, and nobody is told.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Of so many answers one is lost, with its connection.
const LOST: usize = 12;

#[derive(Default)]
struct State {
    is_bad: AtomicBool,
    answers: AtomicUsize,
    lost: AtomicUsize,
    is_over: AtomicBool,
}

/// Stands before a server on this machine.
pub(crate) struct Line {
    address: SocketAddr,
    state: Arc<State>,
}

impl Line {
    /// A good one, to a port on this machine.
    pub(crate) fn to(port: u16) -> Line {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.is_over.load(Ordering::Relaxed) {
                    break;
                }
                if let Ok(server) = TcpStream::connect(("127.0.0.1", port)) {
                    connect(&client, &server, &shared);
                }
            }
        });
        Line { address, state }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn becomes(&self, is_bad: bool) {
        self.state.is_bad.store(is_bad, Ordering::Relaxed);
    }

    /// How many answers were lost.
    pub(crate) fn lost(&self) -> usize {
        self.state.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::Relaxed);
        // wakes whoever waits for the next client
        drop(TcpStream::connect(self.address));
    }
}

fn connect(client: &TcpStream, server: &TcpStream, state: &Arc<State>) {
    let both = || Some((client.try_clone().ok()?, server.try_clone().ok()?));
    let (Some((from_client, to_server)), Some((to_client, from_server))) = (both(), both()) else { return };
    let state = Arc::clone(state);
    thread::spawn(move || pass_on(&from_client, &to_server, || true));
    thread::spawn(move || {
        pass_on(&from_server, &to_client, || {
            let number = state.answers.fetch_add(1, Ordering::Relaxed);
            let is_lost = state.is_bad.load(Ordering::Relaxed) && number.is_multiple_of(LOST);
            state.lost.fetch_add(usize::from(is_lost), Ordering::Relaxed);
            !is_lost
        });
    });
}

/// Passes on what comes, until the connection ends or something is lost.
fn pass_on(mut from: &TcpStream, mut to: &TcpStream, arrives: impl Fn() -> bool) {
    let mut bytes = vec![0; 64 << 10];
    loop {
        match from.read(&mut bytes) {
            Ok(count) if count > 0 && arrives() && to.write_all(&bytes[..count]).is_ok() => {}
            _ => break,
        }
    }
    // either fails only if it has ended by itself
    drop((from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)));
}
