//! Neutral applications beside the routes.

use std::cmp::Reverse;
use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Uri};
use tower_layer::Layer as _;
use tower_service::Service as _;
use webstack_core::app::{self, App, Body, Mount, respond_mounted};
use webstack_tower::SessionLayer;

use crate::bodies::Bodied;
use crate::service::Reply;

/// The future of a mounted application's answer.
pub(crate) type Responding = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// Answers what is below its prefix, with a session.
type Mounted = Arc<dyn Fn(Request<Body>) -> Responding + Send + Sync>;

/// What is mounted, by prefix, the longest first.
#[derive(Clone, Default)]
pub(crate) struct Mounts(Arc<Vec<(Box<str>, Mounted)>>);

impl Mounts {
    pub(crate) fn add(&mut self, prefix: &str, app: impl App, layer: &SessionLayer<Bodied>) {
        let prefix = prefix.trim_end_matches('/');
        let at: Arc<str> = prefix.into();
        let service = layer.layer(app::from_fn(move |request| {
            let (app, at) = (app.clone(), Arc::clone(&at));
            async move { respond_mounted(app, &at, None, request).await }
        }));
        let mounted = move |request: Request<Body>| -> Responding { Box::pin(service.clone().call(request)) };
        let all = Arc::make_mut(&mut self.0);
        all.push((prefix.into(), Arc::new(mounted)));
        all.sort_by_key(|(prefix, _)| Reverse(prefix.len()));
    }

    /// Who answers requests for this, if something is mounted there.
    #[inline]
    pub(crate) fn find(&self, uri: &Uri) -> Option<&Mounted> {
        self.0.iter().find(|(prefix, _)| Mount::split(prefix, uri.clone()).is_some()).map(|(_, mounted)| mounted)
    }

    /// The prefixes below which something is mounted.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(prefix, _)| &**prefix)
    }
}
