//! A body that streams, of whatever kind, and may be sent and shared between threads.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt as _, Empty, Full, Limited};
use sync_wrapper::SyncWrapper;

/// Why a body ended before its end.
pub type BodyError = Box<dyn Error + Send + Sync>;

/// The body of a neutral application's request or response.
///
/// It is `Sync` though what is in it need not be: some environments demand it, and many bodies are not.
///
/// ```
/// use webstack_core::app::Body;
/// use webstack_core::runtime::block_on;
///
/// let body = Body::from("hello");
/// assert_eq!(block_on(body.collect(1024)).unwrap(), "hello");
/// assert!(block_on(Body::from("hello").collect(4)).is_err());
/// ```
pub struct Body {
    inner: SyncWrapper<Pin<Box<dyn http_body::Body<Data = Bytes, Error = BodyError> + Send>>>,
    /// What the inner body said when it was last looked at: it may be asked with exclusive access only.
    hint: SizeHint,
    ended: bool,
}

impl Body {
    /// A body of any kind.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let (hint, ended) = (body.size_hint(), body.is_end_stream());
        Body { inner: SyncWrapper::new(Box::pin(body.map_err(Into::into))), hint, ended }
    }

    /// No body.
    pub fn empty() -> Self {
        Body::new(Empty::new())
    }

    /// All of the body, at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`http_body_util::LengthLimitError`] inside, if the body is longer; what broke it off, otherwise.
    pub async fn collect(self, limit: usize) -> Result<Bytes, BodyError> {
        Ok(Limited::new(self, limit).collect().await?.to_bytes())
    }
}

impl Default for Body {
    fn default() -> Self {
        Body::empty()
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(whole: T) -> Self {
        Body::new(Full::new(whole.into()))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let inner = self.inner.get_mut().as_mut();
        let polled = inner.poll_frame(context);
        let inner = self.inner.get_mut();
        let (hint, ended) = (inner.size_hint(), inner.is_end_stream());
        (self.hint, self.ended) = (hint, ended);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}
