//! A client that carries its token in any way: it knows URLs and headers, and nothing of cookies.

use webstack_core::{Exchange, Outcome, ReplyHeaders, Session, runtime::block_on};

use crate::visitor::Site;

/// What the client does next.
pub(crate) struct Asking<'a> {
    site: &'a Site,
    head: http::Request<()>,
}

pub(crate) fn ask<'a>(site: &'a Site, method: &str, url: &str) -> Asking<'a> {
    Asking { site, head: http::Request::builder().method(method).uri(url).body(()).unwrap() }
}

impl Asking<'_> {
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.head.headers_mut().append(name, value.parse().unwrap());
        self
    }

    pub(crate) fn open(&self) -> Exchange {
        self.site.sessions.open(&self.head)
    }

    /// Where the client is sent, if it is.
    pub(crate) fn sent_to(&self) -> Option<String> {
        let refusal = block_on(self.open().preempt())?;
        assert_eq!(refusal.status(), 302);
        let location = refusal.headers().find(|header| header.0 == "location").expect("it says where");
        Some(location.1.to_str().unwrap().to_owned())
    }

    /// A whole request that is not sent elsewhere.
    pub(crate) fn handled(&self, handle: impl FnOnce(&Session)) -> ReplyHeaders {
        let exchange = self.open();
        assert_eq!(block_on(exchange.preempt()), None, "{}", self.head.uri());
        let session = exchange.session();
        block_on(session.load()).unwrap();
        handle(&session);
        block_on(exchange.finish(Outcome::Keep)).unwrap()
    }

    pub(crate) fn id(&self) -> webstack_core::SessionId {
        let exchange = self.open();
        block_on(exchange.session().load()).unwrap();
        exchange.session().id().unwrap().expect("it is stored")
    }

    pub(crate) fn number(&self, key: &str) -> Option<u32> {
        let exchange = self.open();
        block_on(exchange.session().load()).unwrap();
        exchange.session().get(key).unwrap()
    }
}
