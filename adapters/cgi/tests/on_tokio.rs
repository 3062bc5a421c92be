//! An application that needs a runtime, as a program of its own: this one, run again.
#![cfg(all(unix, feature = "tokio"))]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use http::{Response, StatusCode};
use webstack_core::Error;
use webstack_core::app::{self, Request};

/// Waits by tokio's clock, counts; `/logout` ends the session and then panics.
async fn count(request: Request) -> Result<Response<String>, Error> {
    let session = app::session(&request).await?;
    tokio::time::sleep(Duration::from_millis(1)).await;
    if request.uri().path() == "/logout" {
        session.invalidate()?;
        panic!("after the logout");
    }
    let visits = session.update("visits", |n: Option<u32>| n.unwrap_or(0) + 1)?;
    let mut response = Response::new(visits.to_string());
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

#[test]
fn an_application_on_tokio_is_answered_and_a_logout_holds_over_a_panic() {
    if std::env::var_os("GATEWAY_INTERFACE").is_some() {
        webstack_cgi::serve_on_tokio(app::from_fn(count));
        return;
    }
    let place = tempfile::tempdir().expect("a directory");
    let first = ask(place.path(), "/", "");
    assert!(first.contains("Status: 202 Accepted\r\n") && first.contains("\r\n\r\n1"), "{first}");
    let cookie = first.split("set-cookie: ").nth(1).and_then(|rest| rest.split(';').next()).expect("a cookie");
    assert!(ask(place.path(), "/", cookie).contains("\r\n\r\n2"));
    assert!(ask(place.path(), "/logout", cookie).contains("Status: 500 Internal Server Error\r\n"));
    assert!(ask(place.path(), "/", cookie).contains("\r\n\r\n1"), "another session");
}

fn ask(place: &Path, path: &str, cookie: &str) -> String {
    let program = std::env::current_exe().expect("a test is a program");
    let output = Command::new(program)
        .args(["an_application_on_tokio_is_answered_and_a_logout_holds_over_a_panic", "--exact", "--nocapture"])
        .env("GATEWAY_INTERFACE", "CGI/1.1")
        .env("WEBSTACK_STORE", format!("file:{}", place.join("sessions").display()))
        .env("REQUEST_METHOD", "GET")
        .env("SCRIPT_NAME", "/cgi-bin/count")
        .env("PATH_INFO", path)
        .env("HTTP_COOKIE", cookie)
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
