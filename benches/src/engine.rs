//! The engine alone: from a `Cookie` header to a value, without a framework.

use futures_util::FutureExt as _;
use http::header::{COOKIE, HOST};
use http::{HeaderMap, Request};
use webstack_core::store::MemoryStore;
use webstack_core::{Outcome, Session, Sessions};

#[cfg(feature = "peers")]
use crate::by_hand::{ByHand, Least, Number, Promising, cookie_lines, whole};
use crate::frameworks::{VALUE, fresh, shown};
#[cfg(feature = "peers")]
use crate::site::Case;
use crate::site::{Answer, Ask, CONTROL, Site, Subject};

/// The engine, after what makes the same requests and does nothing with them.
pub(crate) fn subjects() -> Vec<Subject> {
    vec![
        Subject::new("engine", CONTROL, || Box::new(Alone(Control))),
        Subject::new("engine", "webstack", || Box::new(Alone(sessions()))),
        to_the_value(TO_THE_VALUE, || Box::new(Alone(ToTheValue(sessions())))),
        #[cfg(feature = "peers")]
        Subject::new("engine", Least::NAME, || Box::new(Alone(Hand::<Least>::default())))
            .without(&[Case::Create, Case::Renew]),
        #[cfg(feature = "peers")]
        Subject::new("engine", Promising::NAME, || Box::new(Alone(Hand::<Promising>::default())))
            .without(&[Case::Create, Case::Renew]),
        #[cfg(feature = "peers")]
        to_the_value("by hand, promising, to the value", || Box::new(Alone(ToTheValue(Hand::<Promising>::default())))),
        #[cfg(feature = "peers")]
        Subject::new("engine", whole::NAME, || Box::new(Alone(whole::Sessions::default())))
            .without(&[Case::Create, Case::Renew]),
        #[cfg(feature = "peers")]
        to_the_value("by hand, whole, to the value", || Box::new(Alone(ToTheValue(whole::Sessions::default())))),
    ]
}

/// From the `Cookie` header to the value, and not back to the headers of the reply.
pub(crate) const TO_THE_VALUE: &str = "webstack, to the value";

fn to_the_value(name: &'static str, open: fn() -> Box<dyn Site>) -> Subject {
    let subject = Subject::new("engine", name, open);
    #[cfg(feature = "peers")]
    let subject = subject.without(&[Case::Anonymous, Case::Unused, Case::Write, Case::Create, Case::Renew]);
    subject
}

fn sessions() -> Sessions {
    Sessions::builder().store(MemoryStore::new()).build().expect("the defaults are good")
}

/// An application without a framework.
struct Alone<A>(A);

/// What answers requests.
trait Application {
    /// The headers of an answer, and its body.
    fn answer(&self, request: Request<()>) -> (HeaderMap, String);

    /// What is read for a request that gets no answer.
    fn value(&self, request: Request<()>) -> String;
}

/// It has no sessions.
struct Control;

impl Application for Control {
    fn answer(&self, request: Request<()>) -> (HeaderMap, String) {
        let body = self.value(std::hint::black_box(request));
        (std::hint::black_box(HeaderMap::new()), body)
    }

    fn value(&self, request: Request<()>) -> String {
        handle(request.uri().path(), &mut Held::Nothing)
    }
}

impl Application for Sessions {
    fn answer(&self, request: Request<()>) -> (HeaderMap, String) {
        let (path, mut headers) = (request.uri().path(), HeaderMap::new());
        let exchange = self.open(&request);
        let session = exchange.session();
        if path != "/plain" {
            session.load().now_or_never().expect("memory is at hand").expect("it can be loaded");
        }
        let body = handle(path, &mut Held::Session(&session));
        let reply = exchange.finish(Outcome::of_status(200)).now_or_never().expect("memory is at hand");
        reply.expect("it can be stored").apply(&mut headers);
        (headers, body)
    }

    fn value(&self, request: Request<()>) -> String {
        let exchange = self.open(&request);
        let session = exchange.session();
        session.load().now_or_never().expect("memory is at hand").expect("it can be loaded");
        handle(request.uri().path(), &mut Held::Session(&session))
    }
}

/// Its requests get no answer, but for those that begin a session.
struct ToTheValue<A>(A);

impl<A: Application> Application for ToTheValue<A> {
    fn answer(&self, request: Request<()>) -> (HeaderMap, String) {
        match request.uri().path() {
            "/read" => (HeaderMap::new(), self.value(request)),
            _ => self.0.answer(request),
        }
    }

    fn value(&self, request: Request<()>) -> String {
        self.0.value(request)
    }
}

/// Its sessions are by hand.
#[cfg(feature = "peers")]
struct Hand<S: ByHand>(S::Store);

#[cfg(feature = "peers")]
impl<S: ByHand> Default for Hand<S> {
    fn default() -> Self {
        Hand(S::Store::default())
    }
}

#[cfg(feature = "peers")]
impl<S: ByHand> Application for Hand<S> {
    fn answer(&self, request: Request<()>) -> (HeaderMap, String) {
        let (path, mut headers) = (request.uri().path(), HeaderMap::new());
        let mut session = S::of(&self.0, cookie_lines(request.headers()));
        if path != "/plain" {
            session.load();
        }
        let body = handle(path, &mut Held::Number(&mut session));
        session.finish(&mut headers);
        (headers, body)
    }

    fn value(&self, request: Request<()>) -> String {
        let mut session = S::of(&self.0, cookie_lines(request.headers()));
        session.load();
        handle(request.uri().path(), &mut Held::Number(&mut session))
    }
}

#[cfg(feature = "peers")]
impl Application for whole::Sessions {
    fn answer(&self, request: Request<()>) -> (HeaderMap, String) {
        let (path, mut headers) = (request.uri().path(), HeaderMap::new());
        let exchange = self.open(&request);
        let mut session = exchange.session();
        if path != "/plain" {
            session.load().expect("it can be loaded");
        }
        let body = handle(path, &mut Held::Number(&mut session));
        exchange.finish(Outcome::of_status(200), &mut headers).expect("it can be stored");
        (headers, body)
    }

    fn value(&self, request: Request<()>) -> String {
        let exchange = self.open(&request);
        let mut session = exchange.session();
        session.load().expect("it can be loaded");
        handle(request.uri().path(), &mut Held::Number(&mut session))
    }
}

/// What a handler holds.
enum Held<'a> {
    Nothing,
    Session(&'a Session),
    #[cfg(feature = "peers")]
    Number(&'a mut dyn Number),
}

/// What a handler does, with a session or without.
fn handle(path: &str, held: &mut Held<'_>) -> String {
    match path {
        "/read" => shown(match held {
            Held::Nothing => Some(1_000_000),
            Held::Session(session) => session.get(VALUE).expect("a number"),
            #[cfg(feature = "peers")]
            Held::Number(session) => session.read(VALUE),
        }),
        "/write" => {
            let value = fresh();
            match held {
                Held::Nothing => {}
                Held::Session(session) => session.insert(VALUE, &value).expect("the session is open"),
                #[cfg(feature = "peers")]
                Held::Number(session) => session.write(VALUE, value),
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

impl<A: Application> Alone<A> {
    fn ask(&self, ask: &Ask) -> (HeaderMap, String) {
        let mut request = Request::get(&*ask.path).header(HOST, "www.example.test");
        if let Some(cookie) = &ask.cookie {
            request = request.header(COOKIE, cookie);
        }
        self.0.answer(request.body(()).expect("a good request"))
    }
}

impl<A: Application> Site for Alone<A> {
    fn send_all(&self, asks: &[Ask]) {
        for ask in asks {
            std::hint::black_box(Alone::ask(self, ask));
        }
    }

    fn together(&self, asks: &[Ask]) -> Vec<Answer> {
        let one = |ask| {
            let (headers, body) = Alone::ask(self, ask);
            let cookies = headers.get_all("set-cookie").iter().map(http::HeaderValue::as_bytes);
            Answer::new(200, cookies, body.as_bytes())
        };
        asks.iter().map(one).collect()
    }
}
