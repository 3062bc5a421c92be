//! A rocket request as the engine sees it.

use rocket::Request;
use webstack_core::RequestHead;

pub(crate) struct Head<'a, 'r> {
    pub(crate) request: &'a Request<'r>,
    pub(crate) below: &'a str,
}

impl RequestHead for Head<'_, '_> {
    fn header(&self, name: &str, show: &mut dyn FnMut(&[u8])) {
        self.request.headers().get(name).for_each(|value| show(value.as_bytes()));
    }

    fn is_tls(&self) -> bool {
        self.request.rocket().config().tls_enabled()
    }

    fn mount(&self) -> &str {
        self.below
    }
}
