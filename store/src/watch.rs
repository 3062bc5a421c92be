//! Hearing of changes that others make.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::{BoxFuture, SessionId, Store};

/// A store that tells of changes, whoever makes them. A [`Cached`](crate::Cached) store listens.
pub trait Watch: Store {
    /// Tells `changes` of every entry that is changed or removed, for as long as somebody listens.
    ///
    /// It finds its way back to a server that was lost by itself, and says [`lost`](Changes::lost) and
    /// [`begun`](Changes::begun) as it happens. Somebody has to run the future; it ends when nobody listens any more.
    fn watch(&self, changes: Weak<dyn Changes>) -> BoxFuture<'static, ()>;
}

/// Who listens.
pub trait Changes: fmt::Debug + Send + Sync {
    /// From now on every change is told of.
    fn begun(&self);

    /// This entry was changed, removed, or has expired.
    fn changed(&self, id: &SessionId);

    /// Whatever was changed before this moment has been told of. A store asks its server for a sign of life to know it.
    fn complete_until(&self, moment: Instant);

    /// Changes may be missed from now on.
    fn lost(&self);

    /// How often [`complete_until`](Changes::complete_until) is waited for.
    fn every(&self) -> Duration;
}

impl<W: Watch + ?Sized> Watch for Arc<W> {
    fn watch(&self, changes: Weak<dyn Changes>) -> BoxFuture<'static, ()> {
        (**self).watch(changes)
    }
}
