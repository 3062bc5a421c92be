//! An actix-web request as the engine sees it.

use actix_web::dev::{Path, ServiceRequest, Url};
use webstack_core::RequestHead;

pub(crate) struct Head<'a>(pub(crate) &'a ServiceRequest);

impl RequestHead for Head<'_> {
    fn header(&self, name: &str, show: &mut dyn FnMut(&[u8])) {
        self.0.headers().get_all(name).for_each(|value| show(value.as_bytes()));
    }

    fn is_tls(&self) -> bool {
        self.0.app_config().secure()
    }

    fn mount(&self) -> &str {
        prefix_of(self.0.match_info())
    }
}

/// What routing has consumed of the path so far: the scope's prefix, without a slash at its end.
pub(crate) fn prefix_of(matched: &Path<Url>) -> &str {
    let whole = matched.as_str();
    let prefix = whole.len().saturating_sub(matched.unprocessed().len());
    whole.get(..prefix).unwrap_or_default().trim_end_matches('/')
}
