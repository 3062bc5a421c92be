//! How long a commit goes on trying while others hold the session.

use std::time::{Duration, Instant};

use crate::engine::Engine;
use crate::queue::Place;
use crate::runtime::within;
use crate::{Error, SessionId};

/// How long one commit goes on trying.
pub(crate) struct Patience<'a> {
    engine: &'a Engine,
    since: Option<Instant>,
    pauses: u32,
}

impl<'a> Patience<'a> {
    pub(crate) fn new(engine: &'a Engine) -> Self {
        Patience { engine, since: None, pauses: 0 }
    }

    /// Waits behind the other requests of this process.
    pub(crate) async fn stand_in_line(&mut self, id: SessionId) -> Result<Place<'a>, Error> {
        let left = self.left()?;
        let runtime = self.engine.runtime();
        within(&*runtime, left, self.engine.queues.enter(id)).await.ok_or_else(too_long)
    }

    /// Waits a little, longer at first and then less and less, and at random, so that processes get out of step.
    ///
    /// Whoever met others several times has given them room. If it went on to wait longer than those who come anew, these
    /// would always be faster.
    pub(crate) async fn pause(&mut self) -> Result<(), Error> {
        const FIRST: Duration = Duration::from_micros(250);
        const RISING: u32 = 6;
        let left = self.left()?;
        let doublings = if self.pauses < RISING { self.pauses } else { (2 * RISING).saturating_sub(self.pauses) };
        let longest = FIRST * (1 << doublings);
        self.pauses += 1;
        let share = getrandom::u32()?;
        self.engine
            .runtime()
            .sleep((longest / 2 + longest.mul_f64(f64::from(share) / f64::from(u32::MAX)) / 2).min(left))
            .await;
        Ok(())
    }

    /// What is left of it; an error if nothing is.
    pub(crate) fn left(&mut self) -> Result<Duration, Error> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let left = self.engine.wait_limit.saturating_sub(since.elapsed());
        if left.is_zero() { Err(too_long()) } else { Ok(left) }
    }
}

pub(crate) fn too_long() -> Error {
    Error::Unavailable("the session was held by other requests for too long".into())
}
