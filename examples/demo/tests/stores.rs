//! Every store serves every environment, CGI included.
#![cfg(all(unix, feature = "stores"))]

use std::process::Command;

#[test]
fn a_cgi_program_has_the_runtime_that_its_store_needs() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_demo"));
    program.env_clear().env("GATEWAY_INTERFACE", "CGI/1.1").env("SCRIPT_NAME", "/cgi-bin/demo");
    program.env("REQUEST_METHOD", "POST").env("PATH_INFO", "/api/increment/visits").env("CONTENT_LENGTH", "");
    // nobody is there
    let answer = program.env("WEBSTACK_STORE", "redis://127.0.0.1:1").output().expect("it was built");
    let head = String::from_utf8_lossy(&answer.stdout).into_owned();
    assert!(head.starts_with("Status: 503"), "{head} {}", String::from_utf8_lossy(&answer.stderr));
}
