//! An actix-web request as the engine sees it.

use actix_web::dev::ServiceRequest;
use webstack_core::RequestHead;

pub(crate) struct Head<'a>(pub(crate) &'a ServiceRequest);

impl RequestHead for Head<'_> {
    fn header(&self, name: &str, show: &mut dyn FnMut(&[u8])) {
        self.0.headers().get_all(name).for_each(|value| show(value.as_bytes()));
    }

    fn is_tls(&self) -> bool {
        self.0.app_config().secure()
    }

    /// What routing has consumed of the path before it came to the middleware: the scope's prefix.
    fn mount(&self) -> &str {
        let matched = self.0.match_info();
        let whole = matched.as_str();
        let prefix = whole.len().saturating_sub(matched.unprocessed().len());
        whole.get(..prefix).unwrap_or_default().trim_end_matches('/')
    }
}
