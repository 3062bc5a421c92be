//! Sessions by hand on rocket: a guard leaves one in the request's cache, and a fairing finds it there.

use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use rocket::fairing::{Fairing, Info, Kind};
use rocket::request::{FromRequest, Outcome};
use rocket::{Build, Request, Response, Rocket, Route, get, routes};

use super::both;
use crate::by_hand::{ByHand, Least, Promising, ReplyHeaders, held};
use crate::frameworks::rocket::{InProcess, bare, plain};
use crate::frameworks::{VALUE, fresh, shown};
use crate::site::{Site, Subject};

/// What has routes of its own: rocket knows none that are generic.
pub(super) trait Routed: ByHand {
    fn routes() -> Vec<Route>;
}

macro_rules! routed {
    ($kind:ident) => {
        impl Routed for $kind {
            fn routes() -> Vec<Route> {
                #[get("/read")]
                fn read(session: Handle<'_, $kind>) -> String {
                    shown(session.read())
                }
                #[get("/write")]
                fn write(session: Handle<'_, $kind>) -> String {
                    let value = fresh();
                    session.write(value);
                    value.to_string()
                }
                routes![plain, read, write]
            }
        }
    };
}

routed!(Least);
routed!(Promising);

pub(in crate::frameworks) fn subjects() -> Vec<Subject> {
    both("rocket", site::<Least>, site::<Promising>)
}

fn site<H: Routed>() -> Box<dyn Site> {
    let rocket: Rocket<Build> = bare().manage(H::Store::default()).attach(AtTheEnd::<H>(PhantomData));
    InProcess::boxed(rocket.mount("/", H::routes()))
}

/// What is in a request's cache: nothing as long as nobody asks.
type Opened<H> = Mutex<Option<H>>;

/// A request's session.
struct Handle<'r, H>(&'r Opened<H>);

impl<H: ByHand> Handle<'_, H> {
    fn read(&self) -> Option<u64> {
        held(self.0).as_ref()?.read(VALUE)
    }

    fn write(&self, value: u64) {
        if let Some(session) = held(self.0).as_mut() {
            session.write(VALUE, value);
        }
    }
}

#[rocket::async_trait]
impl<'r, H: ByHand> FromRequest<'r> for Handle<'r, H> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let opened = request.local_cache(|| {
            let store = request.rocket().state().expect("it is managed");
            let mut session = H::of(store, request.headers().get("Cookie").map(str::as_bytes));
            session.load();
            Mutex::new(Some(session))
        });
        Outcome::Success(Handle(opened))
    }
}

struct AtTheEnd<H>(PhantomData<fn() -> H>);

impl<H: ByHand> Fairing for AtTheEnd<H> {
    fn info(&self) -> Info {
        Info { name: H::NAME, kind: Kind::Response }
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
        if let Some(session) = held(request.local_cache(Opened::<H>::default)).as_mut() {
            session.finish(response);
        }
        Box::pin(Done)
    }
}

/// What was done at once.
pub(super) struct Done;

impl Future for Done {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl ReplyHeaders for Response<'_> {
    fn vary_by_cookie(&mut self) {
        self.adjoin_raw_header("Vary", "Cookie");
    }

    fn set_cookie(&mut self, cookie: String) {
        self.adjoin_raw_header("Set-Cookie", cookie);
    }

    fn forbid_storing(&mut self) {
        self.set_raw_header("Cache-Control", "no-store");
    }
}
