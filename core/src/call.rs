//! What is known of a request from its beginning, and stays as it is.

use std::sync::Arc;

use crate::carrier::Presented;
use crate::engine::Engine;
use crate::events::Event;
use crate::head::is_for_this_machine;
use crate::{Error, RequestHead};

/// One request, as far as its session is concerned.
pub(crate) struct Call {
    pub(crate) engine: Arc<Engine>,
    pub(crate) presented: Presented,
    /// Where a client without a session is sent: the URL it asked for.
    pub(crate) target: Option<Box<str>>,
    pub(crate) mount: Box<str>,
    /// The request came over plain HTTP from another machine.
    pub(crate) plain: bool,
    /// The program carries the token.
    pub(crate) by_token: bool,
}

impl Call {
    /// A call that presents no tokens yet.
    #[inline]
    pub(crate) fn of_request(engine: Arc<Engine>, head: &dyn RequestHead) -> Self {
        let redirects = engine.carriers.has_tickets() && matches!(head.method(), "GET" | "HEAD");
        let target = redirects.then(|| head.path_and_query().into());
        let mount = if engine.carriers.cookie.follows_mount() { head.mount().into() } else { Box::default() };
        let plain = engine.watches_for_plain_http() && !head.is_tls() && !is_for_this_machine(head);
        Call { engine, presented: Presented::default(), target, mount, plain, by_token: false }
    }

    /// Takes in what may be tokens.
    #[inline]
    pub(crate) fn take_tokens(&mut self, head: &dyn RequestHead) {
        self.engine.carriers.read(head, &mut self.presented);
    }

    /// A call of a client whose token the program carries.
    pub(crate) fn by_token(engine: Arc<Engine>, text: Option<&str>) -> Self {
        let presented = engine.carriers.given(text);
        Call { engine, presented, target: None, mount: Box::default(), plain: false, by_token: true }
    }

    /// The browser is told nothing of the cause, so the log has to be.
    pub(crate) fn report_failure(&self, error: &Error) {
        match error {
            Error::Unavailable(_) | Error::Broken(_) | Error::Random(_) => {
                self.engine.events.report_failure(Event::Failed, error);
            }
            // The program's own fault is logged when it becomes a refusal.
            Error::Value(_) | Error::NewerValue { .. } => self.engine.events.tell(Event::Failed),
            _ => {}
        }
    }
}
