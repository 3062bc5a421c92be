//! actix-web keeps what every environment promises.

use webstack_testkit::environment::{PanicIs, Program, Site};
use webstack_testkit::environment_suite;

environment_suite!(
    actix_web,
    Program::new(env!("CARGO_BIN_EXE_demo-actix-web")).panics(PanicIs::Closed).multi_process()
);

environment_suite!(
    actix_web_portable,
    Program::new(env!("CARGO_BIN_EXE_demo-actix-web")).panics(PanicIs::Closed).multi_process().below("/portable")
);

#[test]
fn a_path_that_is_not_utf_8_is_400() {
    let site = Site::open(&Program::new(env!("CARGO_BIN_EXE_demo-actix-web")));
    for path in ["/api/increment/%ff", "/api/login/a%ffb", "/portable/api/increment/%ff"] {
        site.browser().post(path).expect(400).expect_no_session_header();
    }
    site.browser().post("/api/increment/%EF%BF%BD").expect(200);
    assert_eq!(site.records(), 1);
}
