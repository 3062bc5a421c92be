//! The engine alone: from a `Cookie` header to a value, without a framework.

#[cfg(feature = "peers")]
use std::sync::Arc;

use futures_util::FutureExt as _;
use http::header::{COOKIE, HOST};
use http::{HeaderMap, Request};
use webstack_core::store::MemoryStore;
use webstack_core::{Outcome, Session, Sessions};

#[cfg(feature = "peers")]
use crate::by_hand;
use crate::frameworks::{VALUE, fresh, shown};
#[cfg(feature = "peers")]
use crate::site::Case;
use crate::site::{Answer, Ask, CONTROL, Site, Subject};

/// The engine, after what makes the same requests and does nothing with them.
pub(crate) fn subjects() -> Vec<Subject> {
    vec![
        Subject::new("engine", CONTROL, || Box::new(Engine { kind: Kind::Control })),
        Subject::new("engine", "webstack", || Box::new(Engine { kind: Kind::Webstack(sessions()) })),
        #[cfg(feature = "peers")]
        Subject::new("engine", "by hand", || Box::new(Engine { kind: Kind::ByHand(Arc::default()) }))
            .without(&[Case::Create, Case::Renew]),
    ]
}

struct Engine {
    kind: Kind,
}

enum Kind {
    Control,
    Webstack(Sessions),
    #[cfg(feature = "peers")]
    ByHand(Arc<by_hand::Store>),
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
        let sessions = match &self.kind {
            Kind::Control => {
                let body = handle(&ask.path, &mut Held::Nothing);
                return (std::hint::black_box((request, headers)).1, body);
            }
            Kind::Webstack(sessions) => sessions,
            #[cfg(feature = "peers")]
            Kind::ByHand(store) => {
                let mut state = by_hand::State::of(store, request.headers());
                if ask.path != "/plain" {
                    state.load();
                }
                let body = handle(&ask.path, &mut Held::ByHand(&mut state));
                state.finish(&mut headers);
                return (headers, body);
            }
        };
        let exchange = sessions.open(&request);
        let session = exchange.session();
        if ask.path != "/plain" {
            session.load().now_or_never().expect("memory is at hand").expect("it can be loaded");
        }
        let body = handle(&ask.path, &mut Held::Session(&session));
        let reply = exchange.finish(Outcome::of_status(200)).now_or_never().expect("memory is at hand");
        reply.expect("it can be stored").apply(&mut headers);
        (headers, body)
    }
}

/// What a handler holds.
enum Held<'a> {
    Nothing,
    Session(&'a Session),
    #[cfg(feature = "peers")]
    ByHand(&'a mut by_hand::State),
}

/// What a handler does, with a session or without.
fn handle(path: &str, held: &mut Held<'_>) -> String {
    match path {
        "/read" => shown(match held {
            Held::Nothing => Some(1_000_000),
            Held::Session(session) => session.get(VALUE).expect("a number"),
            #[cfg(feature = "peers")]
            Held::ByHand(state) => state.read(),
        }),
        "/write" => {
            let value = fresh();
            match held {
                Held::Nothing => {}
                Held::Session(session) => session.insert(VALUE, &value).expect("the session is open"),
                #[cfg(feature = "peers")]
                Held::ByHand(state) => state.write(value),
            }
            value.to_string()
        }
        "/renew" => {
            if let Held::Session(session) = held {
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
