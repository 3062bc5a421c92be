//! warp keeps what every environment promises.

use webstack_testkit::environment::{PanicIs, Program};
use webstack_testkit::environment_suite;

environment_suite!(warp, Program::new(env!("CARGO_BIN_EXE_demo-warp")).panics(PanicIs::Closed).multi_process());

environment_suite!(
    warp_portable,
    Program::new(env!("CARGO_BIN_EXE_demo-warp")).panics(PanicIs::Closed).multi_process().below("/portable")
);
