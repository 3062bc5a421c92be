//! Places among an owner's sessions: counted and kept by one script, after every marker was verified.

use webstack_store::{GRACE, OwnerKey, Reserved, SessionId};

use crate::answer::Answer;
use crate::fault::Fault;
use crate::lifetime::{millis, ttl_of_marker};
use crate::owners::Marker;
use crate::record::LONGEST_HEAD;
use crate::script::{Ask, RESERVE};
use crate::store::RedisStore;

impl RedisStore {
    pub(crate) async fn reserve_place(
        &self,
        owner: &OwnerKey,
        id: &SessionId,
        limit: usize,
    ) -> Result<Reserved, Fault> {
        let markers = self.markers(owner).await?;
        let head = |(id, _): &(SessionId, Marker)| {
            Ask::read("GETRANGE", self.keys.entry(id)).arg("0").arg((LONGEST_HEAD - 1).to_string())
        };
        let records = self.records(&markers.iter().map(head).collect::<Vec<_>>()).await?;
        let now = self.now();
        let marker = Marker::new(now, now + GRACE)?;
        let mut ask = Ask::run(&RESERVE, [self.keys.owner(owner)])
            .arg(millis(now))
            .arg(*id.as_bytes())
            .arg(marker.to_bytes())
            .arg(ttl_of_marker(now, marker.until))
            .arg(limit.to_string());
        for ((marked, marker), record) in markers.iter().zip(records) {
            let finding = match record.filter(|record| record.stored.entry.owner == Some(*owner)) {
                Some(record) if !record.stored.entry.is_expired(now) => {
                    if marked == id {
                        return Ok(Reserved::Granted);
                    }
                    "living"
                }
                // The place was taken by this very entry, and is free since its deadline.
                Some(record) if record.nonce == Some(marker.nonce) => "ended",
                // It may be renewed yet, and relies on there being a marker, whichever.
                Some(record) if !record.stored.entry.is_purgeable(now) && !marker.is_fresh(now) => "ended",
                _ => "none",
            };
            ask = ask.arg(*marked.as_bytes()).arg(marker.nonce).arg(finding);
        }
        let mut answer = Answer::of(self.link.ask(&ask).await?)?;
        match &answer.owed()?[..] {
            b"granted" => Ok(Reserved::Granted),
            b"full" => {
                let mut living = Vec::new();
                while !answer.is_over() {
                    living.push(SessionId::from_bytes(answer.exactly()?));
                }
                Ok(Reserved::Full(living))
            }
            _ => Err(Fault::Unexpected),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use webstack_store::{Clock as _, Created, Entry, Store as _, Updated, Version};
    use webstack_test_servers::{Redis, or_skip};
    use webstack_testkit::HeldClock;

    use super::*;
    use crate::script::CREATE;

    fn ids() -> [SessionId; 3] {
        [1, 2, 3].map(|number| SessionId::from_bytes([number; 16]))
    }

    /// Two requests that let a session live on at once leave a marker at its owner that is not the entry's.
    #[tokio::test]
    async fn a_session_that_may_be_renewed_keeps_its_marker_though_places_are_counted_meanwhile() {
        let Some(server) = or_skip(Redis::start()) else { return };
        let clock = HeldClock::new();
        let store = RedisStore::builder(server.url()).clock(Arc::new(clock.clone())).build().expect("a store");
        let (alice, [id, other, _]) = (OwnerKey::derive("tests", "alice"), ids());
        let deadline = clock.now() + Duration::from_secs(600);
        let entry = |expires| Entry { bytes: "text".into(), expires: Some(expires), owner: Some(alice) };
        let Ok(Created::New(version)) = store.create(&id, entry(deadline)).await else { panic!("new") };
        drop(store.mark(&alice, &id, Some(deadline)).await.expect("a marker whose request was given up"));
        clock.set(deadline + Duration::from_secs(1));
        assert!(matches!(store.reserve(&alice, &other, 1).await, Ok(Reserved::Granted)));
        // By a request that loaded it alive.
        let later = deadline + Duration::from_secs(600);
        assert!(matches!(store.update(&id, version, entry(later)).await, Ok(Updated::Applied(_))));
        let listed = store.owned_by(&alice, None, 9).await.expect("an answer");
        assert_eq!(listed.iter().map(|listed| listed.id).collect::<Vec<_>>(), [id]);
    }

    /// One that lets it live for long, and one for a short while whose second half never came.
    #[tokio::test]
    async fn a_marker_is_good_for_as_long_as_the_entry_believes_whoever_wrote_it_again() {
        let Some(server) = or_skip(Redis::start()) else { return };
        let clock = HeldClock::new();
        let store = RedisStore::builder(server.url()).clock(Arc::new(clock.clone())).build().expect("a store");
        let (alice, [id, other, third]) = (OwnerKey::derive("tests", "alice"), ids());
        const DAY: Duration = Duration::from_secs(24 * 3600);
        let now = clock.now();
        let entry = |expires| Entry { bytes: "text".into(), expires: Some(expires), owner: Some(alice) };
        let long = store.mark(&alice, &id, Some(now + 30 * DAY)).await.expect("a marker");
        drop(store.mark(&alice, &id, Some(now + Duration::from_secs(60))).await.expect("a marker"));
        let version = Version::new(7);
        let create = store.write(&CREATE, &id, &entry(now + 30 * DAY), version, Some(&long));
        let _ = store.link.ask(&create).await.expect("an answer");
        clock.set(now + 5 * DAY);
        for id in [other, third] {
            assert!(matches!(store.create(&id, entry(now + 9 * DAY)).await, Ok(Created::New(_))));
        }
        let listed = store.owned_by(&alice, None, 9).await.expect("an answer");
        assert_eq!(listed.iter().map(|listed| listed.id).collect::<Vec<_>>(), [id, other, third]);
    }
}
