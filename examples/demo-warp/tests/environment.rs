//! warp keeps what every environment promises.

use webstack_testkit::environment::{LeavingIs, PanicIs, Program, Site};
use webstack_testkit::environment_suite;

fn program() -> Program {
    let program = Program::new(env!("CARGO_BIN_EXE_demo-warp")).panics(PanicIs::Closed).multi_process();
    program.leaving(LeavingIs::Cancellation)
}

environment_suite!(warp, program());

environment_suite!(warp_portable, program().below("/portable"));

/// warp asks every route, and what they say is mixed: each refusal has to be found among the others.
#[test]
fn a_refusal_is_told_from_the_others() {
    let program = program();
    let site = Site::open(&program);
    let mut browser = site.browser();
    let refusals = [
        ("POST", "/nowhere", 404),
        ("POST", "/api/session", 405),
        ("PATCH", "/api/values/n", 405),
        ("PUT", "/api/values/%FF", 400),
    ];
    for (method, path, status) in refusals {
        browser.send(method, path, &[], b"").expect(status).expect_no_session_header();
    }
}
