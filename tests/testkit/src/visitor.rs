//! Visitors with a session, for tests of applications.

use webstack_core::{Error, Exchange, Outcome, RequestHead, Session, SessionId, Sessions};

/// Somebody who has a session already, made up for a test: no browser, no login form.
///
/// ```
/// use webstack_core::{Sessions, runtime::block_on, store::MemoryStore};
/// use webstack_testkit::Visitor;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> { block_on(async {
/// let sessions = Sessions::builder().store(MemoryStore::new()).build()?;
/// let ann = Visitor::signed_in(&sessions, "ann").await?;
///
/// // Whatever the framework's test client is called, it takes a header.
/// let (name, value) = ann.header();
/// let request = http::Request::get("/").header(name, value).body(())?;
/// # let _ = request;
///
/// // … and what the application did to the session can be looked at.
/// assert_eq!(ann.session(&sessions).await?.user()?.as_deref(), Some("ann"));
/// # Ok(()) }) }
/// ```
///
/// Hold the clock with [`HeldClock`](crate::HeldClock), count what the store is asked with
/// [`CountingStore`](crate::CountingStore), and let it fail with [`FaultyStore`](crate::FaultyStore).
#[derive(Clone, Debug)]
pub struct Visitor {
    id: SessionId,
    header: (String, Secret),
}

/// Not for test output.
#[derive(Clone)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

impl Visitor {
    /// A visitor whose session holds what the function puts in.
    ///
    /// # Errors
    ///
    /// What the function says, or the store.
    ///
    /// # Panics
    ///
    /// If the function puts nothing in, for then there is no session; and where URLs carry tokens, for then there is no
    /// header.
    pub async fn with(sessions: &Sessions, fill: impl FnOnce(&Session) -> Result<(), Error>) -> Result<Visitor, Error> {
        let exchange = sessions.open(&Head(None));
        let session = exchange.session();
        session.load().await?;
        fill(&session)?;
        session.save().await?;
        let id = session.id()?.expect("something is put into the session");
        let reply = exchange.finish(Outcome::Keep).await?;
        let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let header = reply.iter().find_map(|(_, name, value)| match name.as_str() {
            "set-cookie" => Some(("cookie".to_owned(), text(value).split(';').next().unwrap_or_default().to_owned())),
            "cache-control" | "vary" | "access-control-expose-headers" | "referrer-policy" => None,
            name => Some((name.to_owned(), text(value))),
        });
        let (name, value) = header.expect("the token goes into a header");
        Ok(Visitor { id, header: (name, Secret(value)) })
    }

    /// A visitor who is signed in.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn signed_in(sessions: &Sessions, user: &str) -> Result<Visitor, Error> {
        Visitor::with(sessions, |session| session.set_user(user)).await
    }

    /// The request header that carries the session: `cookie`, or the one that tokens travel in.
    pub fn header(&self) -> (&str, &str) {
        (&self.header.0, &self.header.1.0)
    }

    /// The public id.
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// The session as it stands in the store now, for a look at it. What is done to it is not stored.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn session(&self, sessions: &Sessions) -> Result<Look, Error> {
        let exchange = sessions.open(&Head(Some(self.header())));
        exchange.session().load().await?;
        Ok(Look { session: exchange.session(), _exchange: exchange })
    }
}

/// A session that is looked at: see [`Visitor::session`].
#[derive(Debug)]
pub struct Look {
    session: Session,
    /// As long as it is open, so is the session.
    _exchange: Exchange,
}

impl std::ops::Deref for Look {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

struct Head<'a>(Option<(&'a str, &'a str)>);

impl RequestHead for Head<'_> {
    fn header(&self, name: &http::HeaderName, show: &mut dyn FnMut(&[u8])) {
        if let Some((_, value)) = self.0.filter(|header| *name == header.0) {
            show(value.as_bytes());
        }
    }

    fn method(&self) -> &str {
        "POST"
    }

    fn path_and_query(&self) -> &str {
        "/"
    }

    fn is_tls(&self) -> bool {
        true
    }

    fn mount(&self) -> &str {
        ""
    }
}

#[cfg(test)]
mod tests {
    use webstack_core::runtime::block_on;
    use webstack_core::store::MemoryStore;
    use webstack_core::{Carrier, SigningKey};

    use super::*;

    #[test]
    fn a_visitor_has_what_was_put_in_on_every_carrier() {
        let key = || SigningKey::new("k".repeat(32)).expect("a key");
        let builders = [
            Sessions::builder(),
            Sessions::builder().carriers([Carrier::Header]),
            Sessions::builder().signing_keys([key()]),
        ];
        for builder in builders {
            let sessions = builder.store(MemoryStore::new()).build().expect("good settings");
            let visitor = block_on(Visitor::with(&sessions, |session| session.insert("n", &1))).expect("a session");
            let look = block_on(visitor.session(&sessions)).expect("it is there");
            assert_eq!((look.get("n").ok().flatten(), look.id().ok().flatten()), (Some(1), Some(*visitor.id())));
            assert!(!format!("{visitor:?}").contains(visitor.header().1), "no token in test output");
        }
    }
}
