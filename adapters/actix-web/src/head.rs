//! An actix-web request as the engine sees it.

use actix_web::dev::{Path, ServiceRequest, Url};
use actix_web::http::header;
use http::header::{COOKIE, HeaderName};
use webstack_core::RequestHead;

pub(crate) struct Head<'a>(pub(crate) &'a ServiceRequest);

impl RequestHead for Head<'_> {
    fn header(&self, name: &HeaderName, show: &mut dyn FnMut(&[u8])) {
        // Every request is asked for it, and actix-web has a name for it that need not be parsed.
        let headers = self.0.headers();
        let values = if *name == COOKIE { headers.get_all(header::COOKIE) } else { headers.get_all(name.as_str()) };
        values.for_each(|value| show(value.as_bytes()));
    }

    fn method(&self) -> &str {
        self.0.method().as_str()
    }

    fn path_and_query(&self) -> &str {
        self.0.uri().path_and_query().map_or("/", |target| target.as_str())
    }

    fn is_tls(&self) -> bool {
        self.0.app_config().secure()
    }

    fn mount(&self) -> &str {
        prefix_of(self.0.match_info())
    }
}

/// What routing has consumed of the path so far: the scope's prefix, without a slash at its end.
///
/// Routing sees a path that is partly decoded, and a browser compares a cookie's path with the one it wrote: so this is
/// as many segments of the latter. A decoded path has the same slashes, since `%2F` stays as it is.
pub(crate) fn prefix_of(matched: &Path<Url>) -> &str {
    let decoded = matched.as_str();
    let prefix = decoded.len().saturating_sub(matched.unprocessed().len());
    let segments = decoded.get(..prefix).unwrap_or_default().trim_end_matches('/').matches('/').count();
    let written = matched.get_ref().uri().path();
    written.match_indices('/').nth(segments).map_or(written, |(end, _)| &written[..end])
}
