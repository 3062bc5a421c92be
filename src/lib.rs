//! One HTTP session in every environment.

pub use webstack_core::*;
