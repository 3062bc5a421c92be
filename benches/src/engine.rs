//! The engine alone: from a `Cookie` header to a value, without a framework.

use futures_util::FutureExt as _;
use http::header::{COOKIE, HOST};
use http::{HeaderMap, Request};
use webstack_core::store::MemoryStore;
use webstack_core::{Outcome, Session, Sessions};

use crate::frameworks::{VALUE, fresh, shown};
use crate::site::{Answer, Ask, CONTROL, Site, Subject};

/// The engine, after what makes the same requests and does nothing with them.
pub(crate) fn subjects() -> Vec<Subject> {
    vec![
        Subject::new("engine", CONTROL, || Box::new(Engine { sessions: None })),
        Subject::new("engine", "webstack", || Box::new(Engine { sessions: Some(sessions()) })),
    ]
}

struct Engine {
    sessions: Option<Sessions>,
}

fn sessions() -> Sessions {
    Sessions::builder().store(MemoryStore::new()).build().expect("the defaults are good")
}

impl Engine {
    fn answer(&self, ask: &Ask) -> (HeaderMap, String) {
        let mut request = Request::get(&*ask.path).header(HOST, "www.example.test");
        if let Some(cookie) = &ask.cookie {
            request = request.header(COOKIE, cookie);
        }
        let request = request.body(()).expect("a good request");
        let mut headers = HeaderMap::new();
        let Some(sessions) = &self.sessions else {
            let body = handle(&ask.path, None);
            return (std::hint::black_box((request, headers)).1, body);
        };
        let exchange = sessions.open(&request);
        let session = exchange.session();
        if ask.path != "/plain" {
            session.load().now_or_never().expect("memory is at hand").expect("it can be loaded");
        }
        let body = handle(&ask.path, Some(&session));
        let reply = exchange.finish(Outcome::of_status(200)).now_or_never().expect("memory is at hand");
        reply.expect("it can be stored").apply(&mut headers);
        (headers, body)
    }
}

/// What a handler does, with a session or without.
fn handle(path: &str, session: Option<&Session>) -> String {
    match path {
        "/read" => shown(session.map_or(Some(1_000_000), |session| session.get(VALUE).expect("a number"))),
        "/write" => {
            let value = fresh();
            if let Some(session) = session {
                session.insert(VALUE, &value).expect("the session is open");
            }
            value.to_string()
        }
        "/renew" => {
            if let Some(session) = session {
                session.renew().expect("the session is open");
            }
            "renewed".to_owned()
        }
        _ => "nothing".to_owned(),
    }
}

impl Site for Engine {
    fn send_all(&self, asks: &[Ask]) {
        for ask in asks {
            std::hint::black_box(self.answer(ask));
        }
    }

    fn together(&self, asks: &[Ask]) -> Vec<Answer> {
        let one = |ask| {
            let (headers, body) = self.answer(ask);
            let cookies = headers.get_all("set-cookie").iter().map(http::HeaderValue::as_bytes);
            Answer::new(200, cookies, body.as_bytes())
        };
        asks.iter().map(one).collect()
    }
}
