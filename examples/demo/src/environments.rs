//! The environments that the demo runs. Another one is one more line.

use webstack_core::Sessions;
use webstack_demo_server::Run;

use crate::gateway;

/// An environment: its name, and how it serves a socket.
pub(crate) struct Environment {
    pub(crate) name: &'static str,
    /// Where the application is, below the server's address.
    pub(crate) path: &'static str,
    pub(crate) run: Run,
    /// It starts programs, which share nothing but what is kept outside of this one.
    pub(crate) starts_programs: bool,
}

impl Environment {
    /// True if it can share these sessions.
    pub(crate) fn can_share(&self, sessions: &Sessions) -> bool {
        let can = sessions.store().capabilities();
        !self.starts_programs || (can.multi_process && can.persistent)
    }
}

/// In the order of their ports.
pub(crate) const ENVIRONMENTS: &[Environment] = &[
    Environment { name: demo_actix_web::ENVIRONMENT, path: "/", run: demo_actix_web::run, starts_programs: false },
    Environment { name: demo_axum::ENVIRONMENT, path: "/", run: demo_axum::run, starts_programs: false },
    Environment { name: demo_rocket::ENVIRONMENT, path: "/", run: demo_rocket::run, starts_programs: false },
    Environment { name: demo_warp::ENVIRONMENT, path: "/", run: demo_warp::run, starts_programs: false },
    Environment { name: demo_cgi::ENVIRONMENT, path: gateway::PATH, run: gateway::run, starts_programs: true },
];
