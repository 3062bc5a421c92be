//! A rocket request as the engine sees it.

use std::cell::OnceCell;

use http::header::HeaderName;
use rocket::Request;
use webstack_core::RequestHead;

pub(crate) struct Head<'a, 'r> {
    request: &'a Request<'r>,
    below: &'a str,
    target: OnceCell<String>,
}

impl<'a, 'r> Head<'a, 'r> {
    pub(crate) fn new(request: &'a Request<'r>, below: &'a str) -> Self {
        Head { request, below, target: OnceCell::new() }
    }
}

impl RequestHead for Head<'_, '_> {
    fn header(&self, name: &HeaderName, show: &mut dyn FnMut(&[u8])) {
        self.request.headers().get(name.as_str()).for_each(|value| show(value.as_bytes()));
    }

    fn method(&self) -> &str {
        self.request.method().as_str()
    }

    fn path_and_query(&self) -> &str {
        self.target.get_or_init(|| self.request.uri().to_string())
    }

    fn is_tls(&self) -> bool {
        self.request.rocket().config().tls_enabled()
    }

    fn mount(&self) -> &str {
        self.below
    }
}
