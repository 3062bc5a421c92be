//! One HTTP session in every environment.
//!
//! This is the facade: the engine, and the adapter of every framework whose feature is enabled.
//!
//! | feature | module | for |
//! |---|---|---|
//! | `actix-web` | `webstack::actix_web` | actix-web 4 |
//!
//! [`Session`] is what applications use, [`Sessions`] what they configure, [`store`] where sessions are kept.

#[cfg(feature = "actix-web")]
pub use webstack_actix_web as actix_web;
pub use webstack_core::{
    Builder, Clock, ConfigError, CookieLifetime, CookiePath, CookiePrefix, Environment, Error, Event, Exchange, Finish,
    MalformedId, OnCorrupt, Outcome, Placing, Refusal, ReplyHeaders, RequestHead, SameSite, SecretDigest, Session,
    SessionId, Sessions, SystemClock, Timestamp, Token, runtime, store,
};
