//! The demo application as one neutral application: the same routes, whatever serves it.

use std::time::Duration;

use bytes::Bytes;
use http::header::ALLOW;
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use webstack_core::Session;
use webstack_core::app::{self, App, Request};

use crate::{Answer, Failure, MAX_BODY, Reply, flash, lifecycle, links, page, slow, status, ui, users, values};

/// The demo application, to be mounted in the environment of this name; `sleep` is that environment's timer.
///
/// It is one value: a server mounts the same one that a CGI program serves.
pub fn app<S, F>(environment: &'static str, sleep: S) -> impl App
where
    S: Fn(Duration) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send,
{
    app::from_fn(move |request| {
        let sleep = sleep.clone();
        async move { answer(request, environment, sleep).await.unwrap_or_else(Reply::from) }
    })
}

async fn answer<F>(request: Request, environment: &str, sleep: impl Fn(Duration) -> F + Send) -> Answer
where
    F: Future<Output = ()> + Send,
{
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let path = uri.path().trim_start_matches('/').split('/').map(decode).collect::<Result<Vec<_>, _>>()?;
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let reading = method == Method::GET || method == Method::HEAD;
    if path == ["plain"] && reading {
        return Ok(page::plain(environment));
    }
    let Some(route) = Route::of(&path) else { return Err(Failure::not_found()) };
    if !route.allows(&method) {
        return Ok(route.not_allowed());
    }
    let session = app::session(&request).await?;
    let body = request.into_body().collect(MAX_BODY).await.map_err(|_| Failure::too_large())?;
    let mut reply = route.run(&session, &method, &uri, &body, environment, sleep).await?;
    if method == Method::HEAD {
        *reply.body_mut() = Bytes::new();
    }
    Ok(reply)
}

/// A segment of a path, decoded.
fn decode(segment: &str) -> Result<String, Failure> {
    let text = percent_decode_str(segment).decode_utf8();
    text.map(Into::into).map_err(|_| Failure::bad_request("the path is not UTF-8"))
}

/// A path of the application.
enum Route<'a> {
    Page,
    Form(&'a str),
    Overview,
    Sessions,
    Value(&'a str),
    Messages,
    Link,
    Act(&'a str, Option<&'a str>),
}

impl<'a> Route<'a> {
    fn of(path: &[&'a str]) -> Option<Self> {
        if path.len() > 1 && path.contains(&"") {
            return None;
        }
        Some(match *path {
            [""] => Route::Page,
            ["ui", action] => Route::Form(action),
            ["api", "session"] => Route::Overview,
            ["api", "sessions"] => Route::Sessions,
            ["api", "values", key] => Route::Value(key),
            ["api", "flash"] => Route::Messages,
            ["api", "link"] => Route::Link,
            ["api", "slow-read", key] => Route::Act("slow-read", Some(key)),
            ["api", act @ ("logout" | "logout-everywhere" | "renew" | "invalidate" | "delete" | "clear")] => {
                Route::Act(act, None)
            }
            ["api", act @ ("set-then-panic" | "logout-then-panic")] => Route::Act(act, None),
            ["api", act @ ("slow-renew" | "slow-logout")] => Route::Act(act, None),
            ["api", act @ ("increment" | "login" | "set-then" | "save-then" | "logout-then"), of] => {
                Route::Act(act, Some(of))
            }
            ["api", act @ ("own-cookie" | "flash" | "slow-set" | "slow-increment" | "exclusive-increment"), of] => {
                Route::Act(act, Some(of))
            }
            _ => return None,
        })
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Route::Page
            | Route::Overview
            | Route::Messages
            | Route::Link
            | Route::Sessions
            | Route::Act("slow-read", _) => &[Method::GET, Method::HEAD],
            Route::Value(_) => &[Method::GET, Method::HEAD, Method::PUT, Method::DELETE],
            Route::Form(_) | Route::Act(..) => &[Method::POST],
        }
    }

    fn allows(&self, method: &Method) -> bool {
        self.methods().contains(method)
    }

    fn not_allowed(&self) -> Reply {
        let names: Vec<_> = self.methods().iter().map(Method::as_str).collect();
        let mut reply = Reply::default();
        *reply.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        reply.headers_mut().extend(names.join(", ").parse().map(|value| (ALLOW, value)));
        reply
    }

    async fn run<F>(
        self,
        session: &Session,
        method: &Method,
        uri: &http::Uri,
        body: &[u8],
        environment: &str,
        sleep: impl Fn(Duration) -> F + Send,
    ) -> Answer
    where
        F: Future<Output = ()> + Send,
    {
        let query = uri.query().unwrap_or_default();
        match self {
            Route::Page => page::show(session, environment),
            Route::Form(action) => Ok(ui::act(session, action, body).await),
            Route::Overview => values::overview(session, environment),
            Route::Sessions => users::list(session).await,
            Route::Value(key) if method == Method::PUT => values::put(session, key, body),
            Route::Value(key) if method == Method::DELETE => values::remove(session, key),
            Route::Value(key) => values::get(session, key),
            Route::Messages => flash::take(session),
            Route::Link => links::link(session, query),
            Route::Act(act, of) => match (act, of.unwrap_or_default()) {
                ("increment", key) => values::increment(session, key).await,
                ("login", user) => lifecycle::login(session, user),
                ("logout", _) => lifecycle::logout(session),
                ("logout-everywhere", _) => users::logout_everywhere(session).await,
                ("renew", _) => lifecycle::renew(session),
                ("invalidate", _) => lifecycle::invalidate(session),
                ("delete", _) => lifecycle::delete(session),
                ("clear", _) => lifecycle::clear(session),
                ("set-then", code) => status::set_then(session, code),
                ("save-then", code) => status::save_then(session, code).await,
                ("logout-then", code) => status::logout_then(session, code),
                ("set-then-panic", _) => status::set_then_panic(session),
                ("flash", text) => flash::add(session, text),
                ("logout-then-panic", _) => status::logout_then_panic(session),
                ("own-cookie", value) => status::own_cookie(session, value),
                ("slow-read", key) => slow::read(session, key, query, sleep).await,
                ("slow-set", key) => slow::set(session, key, query, sleep).await,
                ("slow-increment", key) => slow::increment(session, key, query, sleep).await,
                ("exclusive-increment", key) => slow::exclusive_increment(session, key, query, sleep).await,
                ("slow-renew", _) => slow::renew(session, query, sleep).await,
                ("slow-logout", _) => slow::logout(session, query, sleep).await,
                _ => Err(Failure::not_found()),
            },
        }
    }
}
