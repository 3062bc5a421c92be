//! axum keeps what every environment promises.

use webstack_testkit::environment::{PanicIs, Program};
use webstack_testkit::environment_suite;

environment_suite!(axum, Program::new(env!("CARGO_BIN_EXE_demo-axum")).panics(PanicIs::Closed).multi_process());

environment_suite!(
    axum_portable,
    Program::new(env!("CARGO_BIN_EXE_demo-axum")).panics(PanicIs::Closed).multi_process().below("/portable")
);
