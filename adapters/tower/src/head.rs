//! A tower request as the engine sees it.

use std::cell::OnceCell;

use http::Request;
use http::header::HeaderName;
use webstack_core::RequestHead;
use webstack_core::app::Mount;

/// Tells where the service is mounted, for `WEBSTACK_COOKIE_PATH=mount` and for redirects: routers that strip a prefix keep
/// the whole URI in an extension of their own, and this finds it.
pub type MountOf = fn(&http::Extensions, &http::Uri) -> Option<Mount>;

pub(crate) struct Head<'a, B> {
    request: &'a Request<B>,
    mount_of: Option<MountOf>,
    mount: OnceCell<Option<Mount>>,
}

impl<'a, B> Head<'a, B> {
    pub(crate) fn new(request: &'a Request<B>, mount_of: Option<MountOf>) -> Self {
        Head { request, mount_of, mount: OnceCell::new() }
    }

    fn mounted(&self) -> Option<&Mount> {
        let extensions = self.request.extensions();
        let found = || self.mount_of.and_then(|mount_of| mount_of(extensions, self.request.uri()));
        self.mount.get_or_init(found).as_ref().or_else(|| extensions.get::<Mount>())
    }
}

impl<B> RequestHead for Head<'_, B> {
    fn header(&self, name: &HeaderName, show: &mut dyn FnMut(&[u8])) {
        RequestHead::header(self.request, name, show);
    }

    fn method(&self) -> &str {
        RequestHead::method(self.request)
    }

    fn path_and_query(&self) -> &str {
        let original = || self.mounted()?.original_uri().path_and_query().map(http::uri::PathAndQuery::as_str);
        original().unwrap_or_else(|| RequestHead::path_and_query(self.request))
    }

    fn is_tls(&self) -> bool {
        RequestHead::is_tls(self.request)
    }

    fn mount(&self) -> &str {
        self.mounted().map(Mount::script_name).unwrap_or_default()
    }
}
