//! One session: loaded, created, updated, touched, removed; each by one request to the server.

use webstack_store::{Created, Entry, Removed, SessionId, Stored, Timestamp, Touched, Updated, Version};

use crate::answer::{Answer, bytes};
use crate::fault::Fault;
use crate::keys::Shard;
use crate::lifetime::{millis, score, ttl};
use crate::owners::{Ended, Mark};
use crate::record::{Record, front};
use crate::script::{Ask, CREATE, REMOVE, Script, TOUCH, UPDATE};
use crate::store::RedisStore;

impl RedisStore {
    pub(crate) async fn load_entry(&self, id: &SessionId) -> Result<Option<Stored>, Fault> {
        let found = match self.link.ask(&Ask::read("GET", self.keys.entry(id))).await {
            Err(fault) if fault.is_other_type() => return Err(Fault::Malformed),
            found => bytes(found?)?,
        };
        let record = found.as_ref().map(Record::parse).transpose()?;
        let now = self.now();
        Ok(record.map(|record| record.stored).filter(|stored| !stored.entry.is_expired(now)))
    }

    pub(crate) async fn create_entry(&self, id: &SessionId, entry: Entry) -> Result<Created, Fault> {
        let version = new_version()?;
        let mark = match &entry.owner {
            Some(owner) => Some(self.mark(owner, id, entry.expires).await?),
            None => None,
        };
        let mut answer = Answer::of(self.link.ask(&self.write(&CREATE, id, &entry, version, mark.as_ref())).await?)?;
        match &answer.owed()?[..] {
            b"new" => {
                answer.number()?;
                self.forget_markers(Ended::all(&mut answer)?).await;
                Ok(Created::New(version))
            }
            b"exists" => {
                self.unmark(mark).await;
                Ok(Created::Exists)
            }
            _ => Err(Fault::Unexpected),
        }
    }

    pub(crate) async fn update_entry(&self, id: &SessionId, seen: Version, entry: Entry) -> Result<Updated, Fault> {
        let version = new_version()?;
        let mut mark = None;
        loop {
            let ask = self.write(&UPDATE, id, &entry, version, mark.as_ref()).arg(seen.get().to_be_bytes());
            let mut answer = Answer::of(self.link.ask(&ask).await?)?;
            match (&answer.owed()?[..], &entry.owner) {
                (b"applied", _) => {
                    self.forget_markers(Ended::of(*id, &mut answer)?.into_iter().collect()).await;
                    return Ok(Updated::Applied(version));
                }
                (b"mark", Some(owner)) if mark.is_none() => mark = Some(self.mark(owner, id, entry.expires).await?),
                (b"conflict", _) => {
                    let found = Record::parse(&answer.owed()?)?;
                    self.unmark(mark).await;
                    return Ok(Updated::Conflict(found.stored));
                }
                (b"gone", _) => {
                    self.unmark(mark).await;
                    return Ok(Updated::Gone);
                }
                (b"corrupt", _) => {
                    self.unmark(mark).await;
                    return Err(Fault::Malformed);
                }
                _ => return Err(Fault::Unexpected),
            }
        }
    }

    pub(crate) async fn touch_entry(
        &self,
        id: &SessionId,
        seen: Version,
        expires: Option<Timestamp>,
    ) -> Result<Touched, Fault> {
        let mut mark: Option<Mark> = None;
        loop {
            let now = self.now();
            let deadline = expires.map_or_else(Vec::new, |deadline| deadline.as_millis().to_be_bytes().into());
            let ask = Ask::run(&TOUCH, [self.keys.entry(id), self.keys.index(Shard::of(id))])
                .arg(millis(now))
                .arg(seen.get().to_be_bytes())
                .arg(deadline)
                .arg(score(expires))
                .arg(ttl(now, expires))
                .arg(*id.as_bytes());
            let ask = match &mark {
                Some(mark) => ask.arg(mark.nonce).arg(mark.until.as_millis().to_be_bytes()),
                None => ask.arg([]).arg([]),
            };
            let mut answer = Answer::of(self.link.ask(&ask).await?)?;
            let touched = match &answer.owed()?[..] {
                b"extended" => return Ok(Touched::Extended),
                b"mark" if mark.is_none() => {
                    let owner = webstack_store::OwnerKey::from_bytes(answer.exactly()?);
                    mark = Some(self.mark(&owner, id, expires).await?);
                    continue;
                }
                b"stale" => Ok(Touched::Stale),
                b"gone" => Ok(Touched::Gone),
                b"corrupt" => Err(Fault::Malformed),
                _ => return Err(Fault::Unexpected),
            };
            self.unmark(mark).await;
            return touched;
        }
    }

    pub(crate) async fn remove_entry(&self, id: &SessionId) -> Result<Removed, Fault> {
        let ask = Ask::run(&REMOVE, [self.keys.entry(id), self.keys.index(Shard::of(id))])
            .arg(millis(self.now()))
            .arg(*id.as_bytes());
        let mut answer = Answer::of(self.link.ask(&ask).await?)?;
        let removed = match &answer.owed()?[..] {
            b"removed" => Removed::Removed,
            b"absent" => Removed::Absent,
            _ => return Err(Fault::Unexpected),
        };
        self.forget_markers(Ended::of(*id, &mut answer)?.into_iter().collect()).await;
        Ok(removed)
    }

    /// A script that writes an entry; these have their arguments in common.
    pub(crate) fn write(
        &self,
        script: &'static std::sync::LazyLock<Script>,
        id: &SessionId,
        entry: &Entry,
        version: Version,
        mark: Option<&Mark>,
    ) -> Ask {
        let now = self.now();
        let owner = entry.owner.map_or_else(Vec::new, |owner| owner.as_bytes().to_vec());
        let ask = Ask::run(script, [self.keys.entry(id), self.keys.index(Shard::of(id))])
            .arg(millis(now))
            .arg(front(entry, version))
            .arg(owner);
        let ask = match mark {
            Some(mark) => ask.arg(mark.nonce).arg(mark.until.as_millis().to_be_bytes()),
            None => ask.arg([]).arg([]),
        };
        ask.arg(&entry.bytes[..]).arg(score(entry.expires)).arg(ttl(now, entry.expires)).arg(*id.as_bytes())
    }
}

/// A version that no state of any entry has had: not even one that a failover has made undone.
fn new_version() -> Result<Version, Fault> {
    Ok(Version::new(getrandom::u64().map_err(Fault::Random)?))
}

#[cfg(test)]
mod tests {
    use webstack_store::Store as _;
    use webstack_test_servers::{Redis, or_skip};

    use super::*;

    /// As if a connection had sent a request once more after its answer was lost.
    #[tokio::test]
    async fn a_script_that_arrives_twice_knows_its_own_write() {
        let Some(server) = or_skip(Redis::start()) else { return };
        let store = RedisStore::builder(server.url()).build().expect("a store");
        let id = "00112233445566778899aabbccddeeff".parse().expect("an id");
        let entry = |text: &'static str| Entry { bytes: text.into(), expires: None, owner: None };
        let word = async |ask: &Ask| {
            let mut answer = Answer::of(store.link.ask(ask).await.expect("an answer")).expect("a list");
            answer.owed().expect("a word")
        };
        let [first, second] = [new_version(), new_version()].map(|version| version.expect("a random number"));

        let create = store.write(&CREATE, &id, &entry("one"), first, None);
        assert_eq!((word(&create).await, word(&create).await), ("new".into(), "new".into()));
        let update = store.write(&UPDATE, &id, &entry("two"), second, None).arg(first.get().to_be_bytes());
        assert_eq!((word(&update).await, word(&update).await), ("applied".into(), "applied".into()));
        let found = store.load(&id).await.expect("an answer").expect("the entry");
        assert_eq!((found.entry, found.version), (entry("two"), second));

        // Not when somebody else has written since.
        assert_eq!(word(&create).await, "exists");
        let third = new_version().expect("a random number");
        let other = store.write(&UPDATE, &id, &entry("three"), third, None).arg(second.get().to_be_bytes());
        assert_eq!((word(&other).await, word(&update).await), ("applied".into(), "conflict".into()));
    }
}
