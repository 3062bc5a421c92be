//! Where an application stands.

use http::Uri;

use super::{App, Body, Request, Response};
use crate::Session;

/// Where an application is mounted: an extension of its requests, if it is not the whole site.
///
/// The request's own URI is what comes behind the mount, as `PATH_INFO` was to CGI programs.
///
/// ```
/// use webstack_core::app::Mount;
///
/// let (mount, inner) = Mount::split("/shop", "/shop/cart?page=2".parse().unwrap()).unwrap();
/// assert_eq!((mount.script_name(), inner.to_string().as_str()), ("/shop", "/cart?page=2"));
/// assert_eq!(mount.original_uri(), "/shop/cart?page=2");
/// assert!(Mount::split("/shop", "/shopping".parse().unwrap()).is_none());
/// ```
#[derive(Clone, Debug)]
pub struct Mount {
    script_name: Box<str>,
    original_uri: Uri,
}

impl Mount {
    /// A mount under a prefix that a router has taken off already.
    pub fn new(script_name: &str, original_uri: Uri) -> Self {
        Mount { script_name: script_name.trim_end_matches('/').into(), original_uri }
    }

    /// Takes a prefix off a URI; `None` if the URI is not below it.
    pub fn split(prefix: &str, uri: Uri) -> Option<(Mount, Uri)> {
        let prefix = prefix.trim_end_matches('/');
        let text = uri.path_and_query().map_or("/", |both| both.as_str());
        let rest = text.strip_prefix(prefix)?;
        let inner: Uri = match rest.as_bytes().first() {
            Some(b'/') => rest.parse().ok()?,
            None | Some(b'?') => format!("/{rest}").parse().ok()?,
            Some(_) => return None,
        };
        Some((Mount::new(prefix, uri), inner))
    }

    /// The prefix, without a slash at its end: CGI's `SCRIPT_NAME`. Empty for the root.
    pub fn script_name(&self) -> &str {
        &self.script_name
    }

    /// The URI as the client asked for it.
    pub fn original_uri(&self) -> &Uri {
        &self.original_uri
    }
}

/// Answers a request in an application that is mounted under a prefix. For adapters.
///
/// The application sees what comes behind the prefix, a [`Mount`], and the session if there is one. What is not below
/// the prefix is 404.
pub async fn respond_mounted(app: impl App, prefix: &str, session: Option<Session>, mut request: Request) -> Response {
    let Some((mount, inner)) = Mount::split(prefix, request.uri().clone()) else {
        let mut response = Response::new(Body::from("Not Found"));
        *response.status_mut() = http::StatusCode::NOT_FOUND;
        return response;
    };
    *request.uri_mut() = inner;
    request.extensions_mut().insert(mount);
    if let Some(session) = session {
        request.extensions_mut().insert(session);
    }
    app.respond(request).await
}
