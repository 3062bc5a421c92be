//! axum keeps what every environment promises.

use webstack_testkit::environment::{LeavingIs, PanicIs, Program};
use webstack_testkit::environment_suite;

fn program() -> Program {
    let program = Program::new(env!("CARGO_BIN_EXE_demo-axum")).panics(PanicIs::Closed).multi_process();
    program.leaving(LeavingIs::Cancellation)
}

environment_suite!(axum, program());

environment_suite!(axum_portable, program().below("/portable"));
