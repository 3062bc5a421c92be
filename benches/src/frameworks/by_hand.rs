//! The least that a session with these guarantees at rest can be on axum: a cookie, a digest in place of the token, a map in
//! memory, one number, `Vary`. Nothing expires, nobody is renewed, and whoever writes last wins. It is no library; it shows how much of
//! what libraries take is the matter itself.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{COOKIE, HeaderValue, SET_COOKIE, VARY};
use http::request::Parts;
use pin_project_lite::pin_project;
use sha2::{Digest as _, Sha256};
use tower_service::Service;

use super::axum::{InProcess, Visited, routes};
use crate::site::{Case, Subject};

pub(crate) fn subject() -> Subject {
    Subject::new("axum", "by hand", || InProcess::boxed(async { by_hand() })).without(&[Case::Create, Case::Renew])
}

fn by_hand() -> Router {
    let store = Arc::<Store>::default();
    routes::<Handle>().layer(tower_layer::layer_fn(move |inner| ByHand { inner, store: Arc::clone(&store) }))
}

/// Digests of tokens, and a value as JSON.
type Store = Mutex<HashMap<[u8; 32], Vec<u8>>>;

/// One request's session.
#[derive(Clone)]
struct Handle(Arc<Mutex<State>>);

struct State {
    store: Arc<Store>,
    cookie: Option<[u8; 64]>,
    asked: bool,
    found: Option<[u8; 32]>,
    value: Option<Vec<u8>>,
    changed: bool,
}

const NAME: &[u8] = b"__Host-by_hand=";

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn load(&mut self) {
        self.asked = true;
        let Some(text) = self.cookie else { return };
        let mut token = [0; 48];
        if URL_SAFE_NO_PAD.decode_slice(text, &mut token).is_ok() {
            let digest = <[u8; 32]>::from(Sha256::digest(token));
            self.value = held(&self.store).get(&digest).cloned();
            self.found = Some(digest);
        }
    }

    fn finish(&mut self, response: &mut Response) {
        if !self.asked {
            return;
        }
        response.headers_mut().append(VARY, HeaderValue::from_static("Cookie"));
        if !self.changed {
            return;
        }
        let digest = self.found.unwrap_or_else(|| {
            let mut token = [0; 48];
            getrandom::fill(&mut token).expect("a generator");
            let text = URL_SAFE_NO_PAD.encode(token);
            let cookie = format!("__Host-by_hand={text}; Path=/; Secure; HttpOnly; SameSite=Lax");
            response.headers_mut().append(SET_COOKIE, HeaderValue::try_from(cookie).expect("visible characters"));
            Sha256::digest(token).into()
        });
        held(&self.store).insert(digest, self.value.take().unwrap_or_default());
    }
}

#[derive(Clone)]
struct ByHand<S> {
    inner: S,
    store: Arc<Store>,
}

impl<S> Service<Request> for ByHand<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let cookie = request.headers().get(COOKIE).and_then(|line| {
            let begin = memchr::memmem::find(line.as_bytes(), NAME)? + NAME.len();
            line.as_bytes().get(begin..)?.first_chunk().copied()
        });
        let store = Arc::clone(&self.store);
        let state = State { store, cookie, asked: false, found: None, value: None, changed: false };
        let handle = Handle(Arc::new(Mutex::new(state)));
        request.extensions_mut().insert(handle.clone());
        Answering { inner: self.inner.call(request), handle }
    }
}

pin_project! {
    struct Answering<F> {
        #[pin]
        inner: F,
        handle: Handle,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Answering<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.inner.poll(context).map_ok(|mut response| {
            held(&this.handle.0).finish(&mut response);
            response
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Handle {
    type Rejection = http::StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let handle = parts.extensions.get::<Handle>().cloned().ok_or(http::StatusCode::INTERNAL_SERVER_ERROR)?;
        held(&handle.0).load();
        Ok(handle)
    }
}

impl Visited for Handle {
    async fn read(&self, _: &str) -> Option<u64> {
        held(&self.0).value.as_deref().and_then(|text| serde_json::from_slice(text).ok())
    }

    async fn write(&self, _: &str, value: u64) {
        let mut state = held(&self.0);
        state.value = serde_json::to_vec(&value).ok();
        state.changed = true;
    }

    async fn renew(&self) {}
}
