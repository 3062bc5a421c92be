//! warp keeps what every environment promises.

use webstack_testkit::environment::{LeavingIs, PanicIs, Program};
use webstack_testkit::environment_suite;

fn program() -> Program {
    let program = Program::new(env!("CARGO_BIN_EXE_demo-warp")).panics(PanicIs::Closed).multi_process();
    program.leaving(LeavingIs::Cancellation)
}

environment_suite!(warp, program());

environment_suite!(warp_portable, program().below("/portable"));
