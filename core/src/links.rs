//! Sessions in URLs: where strangers are sent, and links that carry the session.

use crate::edits::Edits;
use crate::ticket::Ticket;
use crate::visit::Visit;
use crate::{Error, Token};

impl Visit {
    /// True if the client may have to be sent elsewhere before the application is asked.
    pub(crate) fn may_redirect(&self) -> bool {
        self.call.target.is_some()
    }

    /// The URL with a ticket that the client should ask for instead, if it has neither session nor ticket.
    pub(crate) async fn redirect(&self) -> Result<Option<String>, Error> {
        let Some(target) = &self.call.target else { return Ok(None) };
        self.load_patiently().await?;
        let has_some = {
            let state = self.state();
            state.base.is_some() || state.seldom.promised.ticket.is_some()
        };
        if has_some {
            return Ok(None);
        }
        let ticket = Ticket::new(self.call.engine.clock.now())?;
        let carriers = &self.call.engine.carriers;
        Ok(Some(carriers.query.with(target, &carriers.wire.ticket(&ticket.token, ticket.issued))))
    }

    /// A link that carries the session, if URLs do.
    pub(crate) fn link(&self, to: &str) -> Result<String, Error> {
        let mut state = self.open()?;
        let carriers = &self.call.engine.carriers;
        if !carriers.has_tickets() {
            return Ok(to.to_owned());
        }
        let text = match (state.edits().is_some_and(Edits::renews), state.base.clone()) {
            (false, Some(base)) => {
                let next = base.record.tokens().successor(&self.call.engine, &base.token, self.call.engine.clock.now());
                carriers.wire.token(next.as_ref().unwrap_or(&base.token))
            }
            (false, None) => {
                let promised = &mut state.seldom.get_or_default().promised;
                let ticket = match promised.ticket.take() {
                    Some(ticket) => ticket,
                    None => Box::new(Ticket::new(self.call.engine.clock.now())?),
                };
                let ticket = promised.ticket.insert(ticket);
                carriers.wire.ticket(&ticket.token, ticket.issued)
            }
            (true, base) => {
                let promised = &mut state.seldom.get_or_default().promised;
                let next = match (promised.renewed.take(), base) {
                    (Some(token), _) => token,
                    (None, Some(base)) => Box::new(base.token.renewed()?),
                    (None, None) => Box::new(Token::generate()?),
                };
                carriers.wire.token(promised.renewed.insert(next))
            }
        };
        Ok(carriers.query.link(to, &text).unwrap_or_else(|| to.to_owned()))
    }
}
