//! A tower request as the engine sees it.

use http::Request;
use webstack_core::RequestHead;
use webstack_core::app::Mount;

/// Tells where the service is mounted, for `WEBSTACK_COOKIE_PATH=mount`: the prefix, without a slash at its end.
///
/// Routers that strip a prefix keep it in an extension of their own; this finds it.
pub type MountOf = fn(&http::Extensions, &http::Uri) -> Option<String>;

pub(crate) struct Head<'a, B> {
    request: &'a Request<B>,
    mount: Option<String>,
}

impl<'a, B> Head<'a, B> {
    pub(crate) fn new(request: &'a Request<B>, mount_of: Option<MountOf>) -> Self {
        let mount = mount_of.and_then(|mount_of| mount_of(request.extensions(), request.uri()));
        Head { request, mount }
    }
}

impl<B> RequestHead for Head<'_, B> {
    fn header(&self, name: &str, show: &mut dyn FnMut(&[u8])) {
        RequestHead::header(self.request, name, show);
    }

    fn is_tls(&self) -> bool {
        RequestHead::is_tls(self.request)
    }

    fn mount(&self) -> &str {
        let neutral = || self.request.extensions().get::<Mount>().map(Mount::script_name);
        self.mount.as_deref().or_else(neutral).unwrap_or_default()
    }
}
