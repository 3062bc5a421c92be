//! rocket keeps what every environment promises.

use webstack_testkit::environment::{PanicIs, Program};
use webstack_testkit::environment_suite;

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_demo-rocket")).panics(PanicIs::Status500).multi_process().headers_as_text()
}

environment_suite!(rocket, program());

environment_suite!(rocket_portable, program().below("/portable"));
