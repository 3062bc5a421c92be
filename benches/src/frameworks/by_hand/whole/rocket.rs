//! On rocket: a guard opens an exchange in the request's cache, and a fairing concludes it.
//!
//! Nobody but guards can ask for a session there, so nothing is done for requests that have none.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, Response, get, routes};

use super::subject;
use crate::by_hand::held;
use crate::by_hand::whole::{Exchange, Head, Session, Sessions};
use crate::frameworks::by_hand::rocket::Done;
use crate::frameworks::rocket::{InProcess, bare, plain};
use crate::frameworks::{VALUE, fresh, shown};
use crate::site::{Site, Subject};

pub(in crate::frameworks) fn subjects() -> Vec<Subject> {
    vec![subject("rocket", site)]
}

fn site() -> Box<dyn Site> {
    #[get("/read")]
    fn read(session: Session) -> String {
        shown(session.number(VALUE))
    }
    #[get("/write")]
    fn write(session: Session) -> String {
        let value = fresh();
        session.put(VALUE, value);
        value.to_string()
    }
    let rocket = bare().manage(Sessions::default()).attach(AtTheEnd);
    InProcess::boxed(rocket.mount("/", routes![plain, read, write]))
}

impl Head for Request<'_> {
    fn cookies(&self, show: impl FnMut(&[u8])) {
        self.headers().get("cookie").map(str::as_bytes).for_each(show);
    }

    fn host(&self) -> Option<&[u8]> {
        self.headers().get_one("host").map(str::as_bytes)
    }

    fn is_tls(&self) -> bool {
        self.rocket().config().tls_enabled()
    }
}

/// What is in a request's cache: nothing as long as nobody asks.
#[derive(Default)]
struct Opened(Mutex<Option<Exchange>>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Session {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let opened = request.local_cache(|| {
            let sessions: &Sessions = request.rocket().state().expect("it is managed");
            Opened(Mutex::new(Some(sessions.open(request))))
        });
        let session = held(&opened.0).as_ref().map(Exchange::session);
        match session.map(|session| session.load().map(|()| session)) {
            Some(Ok(session)) => Outcome::Success(session),
            _ => Outcome::Error((Status::ServiceUnavailable, ())),
        }
    }
}

struct AtTheEnd;

impl Fairing for AtTheEnd {
    fn info(&self) -> Info {
        Info { name: "by hand, whole", kind: Kind::Response }
    }

    /// What the macro would make of an `async fn`, but that a future of no size needs no memory.
    fn on_response<'r, 'life0, 'life1, 'life2, 'all>(
        &'life0 self,
        request: &'r Request<'life1>,
        response: &'life2 mut Response<'r>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'all>>
    where
        Self: 'all,
        'r: 'all,
        'life0: 'all,
        'life1: 'all,
        'life2: 'all,
    {
        let exchange = held(&request.local_cache(Opened::default).0).take();
        if let Some(exchange) = exchange {
            let outcome = webstack_core::Outcome::of_status(response.status().code);
            if exchange.finish(outcome, response).is_err() {
                *response = Response::build().status(Status::ServiceUnavailable).finalize();
            }
        }
        Box::pin(Done)
    }
}
