//! The sessions of an application: its configuration and its store.

use std::path::Path;
use std::sync::Arc;

use crate::engine::Engine;
use crate::runtime::Runtime;
use crate::store::Store;
use crate::{Exchange, RequestHead, Session};

/// The sessions of an application: configuration and store. Cheap to clone; clones are the same sessions.
///
/// It knows no framework. An adapter opens an exchange for each request, gives its session to the handler, finishes
/// it with the outcome, and adds the headers to the response; so can anybody:
///
/// ```
/// use webstack_core::{Outcome, Sessions, runtime::block_on, store::MemoryStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
/// let sessions = Sessions::builder().store(MemoryStore::new()).build()?;
///
/// let first = sessions.open(&http::Request::new(()));
/// first.session().load().await?;
/// first.session().insert("name", "Ada")?;
/// let mut response = http::Response::new("hello");
/// first.finish(Outcome::of_status(200)).await?.apply(response.headers_mut());
///
/// let cookie = response.headers()["set-cookie"].to_str()?.split(';').next().unwrap().to_owned();
/// let second = sessions.open(&http::Request::get("/").header("cookie", cookie).body(())?);
/// second.session().load().await?;
/// assert_eq!(second.session().get::<String>("name")?.as_deref(), Some("Ada"));
/// # Ok(()) }) }
/// ```
#[derive(Clone, Debug)]
pub struct Sessions {
    pub(crate) engine: Arc<Engine>,
}

impl Sessions {
    /// Begins the exchange of one request and its response. Nothing is read or written before the session is used.
    pub fn open(&self, head: &dyn RequestHead) -> Exchange {
        Exchange::of_request(Arc::clone(&self.engine), head)
    }

    /// Begins the exchange of a client whose token the program carries itself, as in a message queue, a WebSocket's first
    /// frame, or a job: no cookie and no header is looked at or made. `None`: a client without a token.
    ///
    /// ```
    /// use webstack_core::{Outcome, Sessions, TokenNotice, runtime::block_on, store::MemoryStore};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
    /// let sessions = Sessions::builder().store(MemoryStore::new()).build()?;
    /// let first = sessions.open_by_token(None);
    /// first.session().load().await?;
    /// first.session().insert("step", &1)?;
    /// let reply = first.finish(Outcome::Keep).await?;
    /// let Some(TokenNotice::Issued(token)) = reply.notice() else { panic!("there is a session now") };
    ///
    /// let second = sessions.open_by_token(Some(token.expose()));
    /// second.session().load().await?;
    /// assert_eq!(second.session().get("step")?, Some(1));
    /// # Ok(()) }) }
    /// ```
    pub fn open_by_token(&self, token: Option<&str>) -> Exchange {
        Exchange::by_token(Arc::clone(&self.engine), token)
    }

    /// True if an exchange may have an answer in place of the application's: see [`Exchange::preempt`].
    pub fn may_preempt(&self) -> bool {
        self.engine.carriers.has_tickets()
    }

    /// The cookie's name without prefix: what sessions are told apart by where several applications share a store.
    pub fn cookie_name(&self) -> &str {
        &self.engine.namespace
    }

    /// The absolute path of the session directory, if the sessions are kept in one.
    pub fn directory(&self) -> Option<&Path> {
        self.engine.premises.directory.as_deref()
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.engine.store
    }

    /// Hands in a runtime, unless the configuration named one. For adapters.
    #[must_use]
    pub fn with_default_runtime(self, runtime: impl Runtime) -> Self {
        let _ = self.engine.runtime.set(Arc::new(runtime));
        self
    }

    /// True if these sessions opened this one. A middleware inside another of the same sessions stands aside.
    pub fn opened(&self, session: &Session) -> bool {
        std::ptr::eq(&*self.engine, session.engine())
    }
}
