//! One HTTP session in every environment.
//!
//! This is the facade: the engine, and the adapter of every framework whose feature is enabled.
//!
//! | feature | module | for |
//! |---|---|---|
//! | `actix-web` | `webstack::actix_web` | actix-web 4 |
//! | `axum` | `webstack::axum` | axum 0.8 |
//! | `cgi` | `webstack::cgi` | CGI programs (RFC 3875); `cgi-tokio` adds a runtime |
//! | `rocket` | `webstack::rocket` | rocket 0.5 |
//! | `tower` | `webstack::tower` | every tower stack |
//! | `warp` | `webstack::warp` | warp 0.4 |
//!
//! Sessions are files, unless a feature brings another [store]: `lmdb`, `sqlite`, `postgres`, `mysql`, `redis`; and `tls` for
//! encrypted connections to servers. A URL names the store, in `WEBSTACK_STORE` or in code.
//!
//! The feature `cli` builds `webstack`, the operator's command line.
//!
//! [`Session`] is what applications use, [`Sessions`] what they configure, [`store`] where sessions are kept.

#[cfg(feature = "actix-web")]
pub use webstack_actix_web as actix_web;
#[cfg(feature = "axum")]
pub use webstack_axum as axum;
#[cfg(feature = "cgi")]
pub use webstack_cgi as cgi;
// All of the engine is public here, too.
pub use webstack_core::*;
#[cfg(feature = "rocket")]
pub use webstack_rocket as rocket;
#[cfg(feature = "tower")]
pub use webstack_tower as tower;
#[cfg(feature = "warp")]
pub use webstack_warp as warp;
