//! The session, as applications hold it.

mod facts;
mod flash;
mod form_token;
mod life;
mod lock;
mod timeouts;
mod user;
mod values;

pub use lock::SessionLock;

use triomphe::Arc;

use crate::base::Base;
use crate::engine::Engine;
use crate::runtime::Shielded;
use crate::visit::Visit;
use crate::{Error, Load};

/// A visitor's session during one request.
///
/// An extractor has loaded it; then reading and writing are synchronous, and what was written is stored at the end
/// of the request, before the first byte of the response. Writes are kept as operations and replayed on whatever other
/// requests stored meanwhile, so parallel requests lose nothing. A session comes into being with the first thing
/// that is put into it, not before.
///
/// Clones are handles of the same session.
///
/// # Errors
///
/// All methods fail with [`Error::NotLoaded`] before [`load`](Session::load) (extractors call it) and with
/// [`Error::TooLate`] after the response has begun; other errors stand at the methods.
///
/// ```
/// use webstack_core::{Outcome, Sessions, runtime::block_on, store::MemoryStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
/// let sessions = Sessions::builder().store(MemoryStore::new()).build()?;
/// let exchange = sessions.open(&http::Request::new(()));
/// let session = exchange.session();
/// session.load().await?;
///
/// session.insert("cart", &["apples", "pears"])?;
/// session.update("visits", |n: Option<u32>| n.unwrap_or(0) + 1)?;
/// assert_eq!(session.get::<Vec<String>>("cart")?.unwrap(), ["apples", "pears"]);
///
/// let headers = exchange.finish(Outcome::Keep).await?;
/// assert!(headers.iter().any(|(_, name, _)| name == "set-cookie"));
/// # Ok(()) }) }
/// ```
#[derive(Clone, Debug)]
pub struct Session {
    visit: Arc<Visit>,
}

impl Session {
    pub(crate) fn new(visit: Arc<Visit>) -> Self {
        Session { visit }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.visit.call.engine
    }

    /// Loads the session from the store, on the first call: at once where the store is at hand, else when the future is
    /// awaited. Extractors do it; middleware may.
    ///
    /// A future of this or of [`reload`](Session::reload), [`save`](Session::save) and their like that was polled is to be awaited or
    /// dropped: they come one after the other, so the next one of the same request waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] or [`Error::Broken`] if the store fails; [`Error::TooLate`] after the response.
    #[inline]
    pub fn load(&self) -> Load {
        Load::of(&self.visit)
    }

    /// Stores at once what was done so far. It is then kept even if the request fails.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] if the session ended or changed hands meanwhile; [`Error::TooLarge`] and
    /// [`Error::TooManyValues`]; what the store says.
    pub async fn save(&self) -> Result<(), Error> {
        let visit = Arc::clone(&self.visit);
        self.shielded(async move { visit.save().await }).await
    }

    /// Sees what other requests stored meanwhile; what this one did and has not stored yet is applied on top.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] if the session ended or changed hands meanwhile; what the store says.
    pub async fn reload(&self) -> Result<(), Error> {
        self.visit.reload().await
    }

    /// Once begun, storing goes on to its end though the handler is cancelled: nothing is stored twice or half.
    async fn shielded<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> T {
        Shielded::new(self.visit.call.engine.runtime(), future).await
    }

    fn of_stored<T>(&self, look: impl FnOnce(&Base) -> T) -> Result<Option<T>, Error> {
        let state = self.visit.open()?;
        Ok(state.base.as_ref().filter(|base| !base.is_empty()).map(look))
    }
}
