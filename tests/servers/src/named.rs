//! Whether a test has its server, and what is said if it has not.

use std::io::Write as _;

use crate::{NotStarted, Server};

/// The URL of the running server that a test may use; `None` if none was named, and then it is said aloud that the
/// test is skipped.
///
/// ```
/// use webstack_test_servers::{Server, named};
///
/// # if std::env::var_os("WEBSTACK_TESTS").is_none() {
/// let Some(url) = named(Server::Redis) else { return };
/// assert!(url.starts_with("redis"));
/// # }
/// ```
///
/// # Panics
///
/// If none was named though everything is to be tested: `WEBSTACK_TESTS=all`.
pub fn named(server: Server) -> Option<String> {
    let url = server.url();
    if url.is_none() {
        let (name, variable) = (server.name(), server.variable());
        let how = format!("{variable}={} cargo test, or test-servers -- cargo test", server.example());
        skip(&format!("no {name} was named; name a running one: {how}"));
    }
    url
}

/// The server that a test started; `None` if it takes a command that is not on this machine, and then it is said aloud that
/// the test is skipped.
///
/// # Panics
///
/// If the command is missing though everything is to be tested, `WEBSTACK_TESTS=all`, and if the server did not start.
pub fn or_skip<S>(started: Result<S, NotStarted>) -> Option<S> {
    match started {
        Ok(server) => Some(server),
        Err(missing @ NotStarted::Missing { .. }) => {
            skip(&missing.to_string());
            None
        }
        Err(failed) => panic!("{failed}"),
    }
}

/// The same for servers that few machines have: nobody has to have them, even if everything is to be tested.
///
/// # Panics
///
/// If the server did not start.
pub fn where_there<S>(started: Result<S, NotStarted>) -> Option<S> {
    match started {
        Ok(server) => Some(server),
        Err(missing @ NotStarted::Missing { .. }) => {
            say(&missing.to_string());
            None
        }
        Err(failed) => panic!("{failed}"),
    }
}

fn skip(why: &str) {
    let all = std::env::var_os("WEBSTACK_TESTS").is_some_and(|wanted| wanted == "all");
    assert!(!all, "everything is to be tested, but {why}");
    say(why);
}

fn say(why: &str) {
    let test = std::thread::current();
    let test = test.name().unwrap_or("a test");
    // not `eprintln`, which the test's harness would keep to itself
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}
