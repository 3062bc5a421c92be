//! The fairing: an exchange around every request.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use rocket::fairing::{Fairing, Info, Kind};
use rocket::{Build, Data, Orbit, Request, Response, Rocket};
use webstack_core::{Error, Outcome, Placing, Refusal, ReplyHeaders, Sessions};

use crate::error::{refuse, status};
use crate::head::Head;
use crate::opened::{Inside, Opened};
use crate::preempt;

/// Gives every request a session: `rocket::build().attach(SessionFairing::new(sessions))`.
///
/// Response fairings attached after this one see the session's headers; a status that they change comes too late.
///
/// ```
/// use webstack_core::store::MemoryStore;
/// use webstack_rocket::SessionFairing;
///
/// let sessions = webstack_rocket::builder().store(MemoryStore::new()).build().unwrap();
/// let rocket = rocket::build().attach(SessionFairing::new(sessions));
/// ```
#[derive(Clone, Debug)]
pub struct SessionFairing {
    sessions: Sessions,
    below: String,
}

impl SessionFairing {
    /// A fairing for these sessions.
    pub fn new(sessions: Sessions) -> Self {
        let sessions = sessions.with_default_runtime(webstack_core::runtime::Tokio);
        SessionFairing { sessions, below: String::new() }
    }

    /// Says under which path prefix the application is reached, for `WEBSTACK_COOKIE_PATH=mount`. rocket knows the route's
    /// own prefix only after routing.
    #[must_use]
    pub fn below(self, prefix: &str) -> Self {
        SessionFairing { below: prefix.trim_end_matches('/').to_owned(), ..self }
    }
}

#[rocket::async_trait]
impl Fairing for SessionFairing {
    fn info(&self) -> Info {
        Info { name: "webstack sessions", kind: Kind::Ignite | Kind::Liftoff | Kind::Request | Kind::Response }
    }

    /// Request fairings cannot answer, so a request that the application is not to see is led to a route that can.
    async fn on_ignite(&self, rocket: Rocket<Build>) -> rocket::fairing::Result {
        if !self.sessions.may_preempt() || preempt::is_mounted(&rocket) {
            return Ok(rocket);
        }
        Ok(rocket.mount("/", [preempt::route()]))
    }

    async fn on_liftoff(&self, _: &Rocket<Orbit>) {
        self.sessions.start_background();
    }

    // Written as the macro would write it. What can be done at once is done when this is called, and its future is empty.
    fn on_request<'s, 'q, 'c, 'd, 'e, 'f>(&'s self, request: &'q mut Request<'c>, _: &'d mut Data<'e>) -> BoxFuture<'f>
    where
        's: 'f,
        'q: 'f,
        'c: 'f,
        'd: 'f,
        'e: 'f,
        Self: 'f,
    {
        let exchange = self.sessions.open(&Head::new(request, &self.below));
        if !exchange.may_preempt() {
            request.local_cache(|| Opened::new(exchange));
            return Box::pin(Done);
        }
        Box::pin(async move {
            match exchange.preempt().await {
                Some(refusal) => preempt::lead_there(request, refusal),
                None => {
                    request.local_cache(|| Opened::new(exchange));
                }
            }
        })
    }

    fn on_response<'r, 's, 'c, 'a, 'f>(
        &'s self,
        request: &'r Request<'c>,
        response: &'a mut Response<'r>,
    ) -> BoxFuture<'f>
    where
        'r: 'f,
        's: 'f,
        'c: 'f,
        'a: 'f,
        Self: 'f,
    {
        let Inside { exchange, refused } = Opened::of(request).take();
        let Some(exchange) = exchange else { return Box::pin(Done) };
        match exchange.finish(Outcome::of_status(response.status().code)).at_once() {
            Ok(finished) => {
                conclude(response, refused, finished);
                Box::pin(Done)
            }
            Err(finish) => Box::pin(async move { conclude(response, refused, finish.await) }),
        }
    }
}

type BoxFuture<'f> = Pin<Box<dyn Future<Output = ()> + Send + 'f>>;

/// There is nothing to wait for.
struct Done;

impl Future for Done {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// Adds to a response what the session's end adds, or puts something in its place.
fn conclude(response: &mut Response<'_>, refused: Option<Refusal>, finished: Result<ReplyHeaders, Error>) {
    let headers = match finished {
        Ok(headers) => headers,
        Err(error) => return *response = refuse(&error.refusal()),
    };
    // Catchers answer what the guard refused, and know nothing of Retry-After. A handler may do without.
    if let Some(refusal) = refused.filter(|refusal| status(refusal) == response.status()) {
        for (name, value) in refusal.headers().filter(|header| header.0 != "content-type") {
            response.set_raw_header(owned(name.as_str()), owned(value.to_str().unwrap_or_default()));
        }
    }
    for (placing, name, value) in headers.iter() {
        let (name, value) = (owned(name.as_str()), owned(value.to_str().unwrap_or_default()));
        match placing {
            // Never replaces: the cookie jar's own headers are written already.
            Placing::Append => {
                response.adjoin_raw_header(name, value);
            }
            Placing::Replace => {
                response.set_raw_header(name, value);
            }
        }
    }
}

/// A text that a response keeps; those of most responses need not be copied.
fn owned(text: &str) -> Cow<'static, str> {
    const COMMON: [&str; 4] = ["vary", "Cookie", "cache-control", "no-store"];
    match COMMON.into_iter().find(|common| *common == text) {
        Some(common) => Cow::Borrowed(common),
        None => Cow::Owned(text.to_owned()),
    }
}
