//! rocket keeps what every environment promises.

use webstack_testkit::environment::{PanicIs, Program};
use webstack_testkit::environment_suite;

environment_suite!(rocket, Program::new(env!("CARGO_BIN_EXE_demo-rocket")).panics(PanicIs::Status500).multi_process());

environment_suite!(
    rocket_portable,
    Program::new(env!("CARGO_BIN_EXE_demo-rocket")).panics(PanicIs::Status500).multi_process().below("/portable")
);
