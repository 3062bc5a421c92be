//! The same router answers under every framework, and its visitors keep their session.

use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use webstack_testkit::environment::{Browser, Server, Settings};

/// A server on a port that was free a moment ago; `None` if somebody else took it.
fn start(framework: &str, settings: &Settings) -> Option<Server> {
    let port = TcpListener::bind(("localhost", 0)).and_then(|free| free.local_addr()).expect("a free port").port();
    let mut command = Command::new(env!("CARGO_BIN_EXE_anywhere"));
    settings.apply(command.args([framework, &port.to_string()]));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let begun = Instant::now();
    while TcpStream::connect(("localhost", port)).is_err() {
        if child.try_wait().expect("a child can be waited for").is_some() {
            return None;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{framework} does not accept connections");
    }
    Some(Server::adopt(child, &format!("http://localhost:{port}/shop")))
}

#[test]
fn one_router_serves_one_session_under_every_framework() {
    let place = tempfile::tempdir().expect("a directory");
    let settings = Settings::new(place.path());
    let mut visitor: Option<Browser> = None;
    for (number, framework) in ["actix-web", "axum", "rocket", "warp"].into_iter().enumerate() {
        let server = (0..5).find_map(|_| start(framework, &settings)).expect("a port that stays free");
        let mut browser = visitor.map_or_else(|| Browser::new(server.url()), |browser| browser.at(server.url()));
        let answer = browser.get("/");
        assert_eq!(answer.expect(200).text(), format!("Visit number {}\n", number + 1), "{framework}");
        visitor = Some(browser);
    }
    let cookie = visitor.and_then(|browser| browser.cookie_header()).expect("a session");
    let reply = run_by_a_web_server(&settings, &cookie);
    assert!(reply.starts_with("Status: 200 OK\r\n") && reply.ends_with("\r\n\r\nVisit number 5\n"), "{reply}");
}

/// What the program answers as a CGI program (RFC 3875 §4.1).
fn run_by_a_web_server(settings: &Settings, cookie: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_anywhere"));
    settings.apply(&mut command);
    let store = format!("file:{}", settings.directory().join("WebStack-sessions").display());
    command.envs([
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("REQUEST_METHOD", "GET"),
        ("SCRIPT_NAME", "/cgi-bin/shop"),
        ("PATH_INFO", "/"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("HTTP_COOKIE", cookie),
        ("WEBSTACK_STORE", &store),
    ]);
    let output = command.output().expect("it starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
