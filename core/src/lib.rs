//! HTTP sessions without lost updates: the engine, for any framework and without one.
//!
//! This crate knows no framework and no asynchronous runtime. Applications use it through an adapter
//! (`webstack-actix-web` and its kin, or the facade `webstack`); adapters, stores and programs without a framework use it
//! as it is: see [`Sessions`] for a whole request in ten lines, and [`Session`] for what applications do.
//!
//! Data flows one way: a [`RequestHead`] opens an [`Exchange`]; it holds a [`Session`]; what the application does to it is
//! committed to a [`Store`](store::Store); the [`ReplyHeaders`] tell the browser.

pub mod adapter;
pub mod app;
mod at_once;
mod background;
mod base;
mod base64url;
mod call;
mod carrier;
mod commit;
mod committed;
mod config;
mod config_error;
mod content;
mod create;
mod details;
mod draft;
mod edits;
mod ending;
mod engine;
mod error;
mod events;
mod exchange;
mod expiry;
mod finish;
pub mod flash;
pub mod form_token;
mod head;
mod held;
mod keep_alive;
mod key;
mod keyring;
mod lease;
mod limit;
mod links;
mod listing;
mod loading;
mod location;
mod locking;
mod patience;
mod policy;
mod premises;
mod purge;
mod queue;
mod record;
mod renewal;
mod reply;
mod revise;
mod rotation;
pub mod runtime;
mod search;
mod seldom;
mod session;
mod sessions;
mod settle;
mod state;
pub mod store;
mod terms;
mod ticket;
mod token;
mod turn;
mod unusual;
mod users;
mod values;
mod visit;
mod wire;
mod work;

pub use carrier::{Carrier, CookiePath, CookiePrefix, SameSite, TokenNotice, TokenText};
pub use config::Builder;
pub use config_error::ConfigError;
pub use error::{Error, Refusal};
pub use events::Event;
pub use exchange::{Exchange, Finish};
pub use expiry::{CookieLifetime, Timeouts};
pub use head::RequestHead;
pub use key::{AsKey, Key, KeyOf, Migration, Versioned};
pub use keyring::SigningKey;
pub use listing::{Listing, StoredSession};
pub use loading::Load;
pub use location::Environment;
pub use policy::{OnCorrupt, OnGone, OnServerError, OnStoreFailure, UserSessionLimit};
pub use reply::{Outcome, Placing, ReplyHeaders};
pub use session::{Session, SessionLock};
pub use sessions::Sessions;
pub use token::{SecretDigest, Token};
pub use users::SessionInfo;
pub use webstack_store::{Clock, MalformedId, SessionId, SystemClock, Timestamp};
