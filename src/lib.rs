//! One HTTP session in every environment.

#[cfg(feature = "actix-web")]
pub use webstack_actix_web as actix_web;
pub use webstack_core::*;
