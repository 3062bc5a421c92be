//! actix-web keeps what every environment promises.

use webstack_testkit::environment::{PanicIs, Program};
use webstack_testkit::environment_suite;

environment_suite!(
    actix_web,
    Program::new(env!("CARGO_BIN_EXE_demo-actix-web")).panics(PanicIs::Closed).multi_process()
);

environment_suite!(
    actix_web_portable,
    Program::new(env!("CARGO_BIN_EXE_demo-actix-web")).panics(PanicIs::Closed).multi_process().below("/portable")
);
