//! Ports that nobody else has.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{LazyLock, Mutex, PoisonError};

/// Where ports for servers begin, and how many there are. The system gives none of these to connections that go out:
/// one of them could take the port of a server that is down, or, calling that very port, answer itself.
const FIRST: u16 = 12_000;
const COUNT: u16 = 10_000;

/// What a Redis cluster adds to the port of a node for talking to other nodes.
const BUS: u16 = 10_000;

/// Free ports, in no order. None comes twice in one process, so that a server that is down can have its own again.
pub(crate) fn free() -> impl Iterator<Item = u16> {
    static GIVEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    std::iter::repeat_with(random)
        .filter(move |port| is_free(*port) && is_free(*port + BUS))
        .filter(|port| GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(*port))
}

fn random() -> u16 {
    let random = RandomState::new().build_hasher().finish() % u64::from(COUNT);
    FIRST + u16::try_from(random).expect("it is less than a count that is one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once() {
        let ports: Vec<u16> = free().take(500).collect();
        let different: HashSet<_> = ports.iter().collect();
        assert_eq!(different.len(), ports.len());
    }

    #[test]
    fn a_port_that_somebody_listens_on_is_not_free() {
        let taken = (0..2_000).map(|number| FIRST + number * (COUNT / 2_000));
        let held: Vec<_> = taken.filter_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()).collect();
        let held: HashSet<_> = held.iter().map(|one| one.local_addr().expect("it is bound").port()).collect();
        assert!(free().take(100).all(|port| !held.contains(&port)));
    }
}
