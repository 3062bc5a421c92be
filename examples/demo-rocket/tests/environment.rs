//! rocket keeps what every environment promises.

use webstack_testkit::environment::{PanicIs, Program, Site};
use webstack_testkit::environment_suite;

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_demo-rocket")).panics(PanicIs::Status500).multi_process().headers_as_text()
}

environment_suite!(rocket, program());

environment_suite!(rocket_portable, program().below("/portable"));

#[test]
fn a_path_that_is_not_utf_8_is_400() {
    let site = Site::open(&program());
    for path in ["/api/increment/%ff", "/api/login/a%ffb", "/portable/api/increment/%ff"] {
        site.browser().post(path).expect(400).expect_no_session_header();
    }
    site.browser().post("/api/increment/%EF%BF%BD").expect(200);
    assert_eq!(site.records(), 1);
}
