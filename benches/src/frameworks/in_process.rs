//! A tower service that is called in this process, on the caller's thread.

use std::cell::RefCell;
use std::fmt::Debug;
use std::future::Future;
use std::marker::PhantomData;

use axum::body::HttpBody;
use futures_util::future::join_all;
use http::header::{COOKIE, HOST, SET_COOKIE};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tokio::runtime::Runtime;
use tower_service::Service;

use crate::site::{Answer, Ask, Site};

/// A service, the runtime that it is called in, and the empty body that requests have.
pub(crate) struct InProcess<S, Q> {
    runtime: Runtime,
    service: RefCell<S>,
    empty: PhantomData<fn() -> Q>,
}

impl<S, Q, B> InProcess<S, Q>
where
    S: Service<Request<Q>, Response = Response<B>> + 'static,
    S::Error: Debug,
    Q: Default + 'static,
    B: HttpBody + 'static,
    B::Error: Debug,
{
    /// A site of what is made inside of a runtime.
    pub(crate) fn boxed(make: impl Future<Output = S>) -> Box<dyn Site> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let service = RefCell::new(runtime.block_on(make));
        Box::new(InProcess { runtime, service, empty: PhantomData })
    }

    fn call(&self, ask: &Ask) -> S::Future {
        let mut request = Request::get(&*ask.path).header(HOST, "www.example.test");
        if let Some(cookie) = &ask.cookie {
            request = request.header(COOKIE, cookie);
        }
        // Services of frameworks are always ready.
        self.service.borrow_mut().call(request.body(Q::default()).expect("a good request"))
    }
}

impl<S, Q, B> Site for InProcess<S, Q>
where
    S: Service<Request<Q>, Response = Response<B>> + 'static,
    S::Error: Debug,
    Q: Default + 'static,
    B: HttpBody + 'static,
    B::Error: Debug,
{
    fn send_all(&self, asks: &[Ask]) {
        self.runtime.block_on(async {
            for ask in asks {
                let response = self.call(ask).await.expect("frameworks answer");
                let (head, body) = response.into_parts();
                let body = body.collect().await.expect("it is in memory").to_bytes();
                std::hint::black_box((head, body));
            }
        });
    }

    fn together(&self, asks: &[Ask]) -> Vec<Answer> {
        let one = async |ask| {
            let (head, body) = self.call(ask).await.expect("frameworks answer").into_parts();
            let body = body.collect().await.expect("it is in memory").to_bytes();
            let cookies = head.headers.get_all(SET_COOKIE).iter().map(http::HeaderValue::as_bytes);
            Answer::new(head.status.as_u16(), cookies, &body)
        };
        self.runtime.block_on(join_all(asks.iter().map(one)))
    }
}
