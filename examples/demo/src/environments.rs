//! The environments that the demo runs. Another one is one more line.

use webstack_demo_server::Run;

/// An environment: its name, and how it serves a socket.
pub(crate) struct Environment {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
}

/// In the order of their ports.
pub(crate) const ENVIRONMENTS: &[Environment] = &[
    Environment { name: demo_actix_web::ENVIRONMENT, run: demo_actix_web::run },
    Environment { name: demo_axum::ENVIRONMENT, run: demo_axum::run },
    Environment { name: demo_rocket::ENVIRONMENT, run: demo_rocket::run },
    Environment { name: demo_warp::ENVIRONMENT, run: demo_warp::run },
];
