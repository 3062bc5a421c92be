//! The environments that the demo runs. Another one is one more line.

use std::io;
use std::net::TcpListener;
use std::pin::Pin;

use webstack_core::Sessions;

/// Ready when the servers shall finish what is in flight and return.
pub(crate) type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An environment: its name, and how it serves a socket on the calling thread, to the end.
pub(crate) struct Environment {
    pub(crate) name: &'static str,
    pub(crate) run: fn(TcpListener, Sessions, Stop) -> io::Result<()>,
}

/// In the order of their ports.
pub(crate) const ENVIRONMENTS: &[Environment] =
    &[Environment { name: demo_actix_web::ENVIRONMENT, run: demo_actix_web::run }];
