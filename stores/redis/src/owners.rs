//! Whose sessions are whose: a marker at the owner for each, written before the entry and verified when it is read.
//!
//! Owner and entry are in different slots of a cluster, so nothing writes both at once. A session that is somebody's has
//! a marker at any moment; a marker without a session is possible, and is found out by looking at the entry. Every
//! marker has a random nonce, which the entry knows, so whoever takes a marker away takes the one that was meant.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use redis::Value;
use webstack_store::{GRACE, Listed, OwnerKey, SessionId, Timestamp};

use crate::answer::{Answer, bytes};
use crate::fault::Fault;
use crate::lifetime::{marked_until, millis, ttl_of_marker};
use crate::record::Record;
use crate::script::{Ask, MARK, UNMARK};
use crate::store::RedisStore;

/// What stands at an owner for a session: nonce, since when, until when it is good; eight bytes each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marker {
    pub(crate) nonce: [u8; 8],
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

impl Marker {
    pub(crate) fn new(since: Timestamp, until: Timestamp) -> Result<Marker, Fault> {
        let nonce = getrandom::u64().map_err(Fault::Random)?.to_be_bytes();
        Ok(Marker { nonce, since, until })
    }

    pub(crate) fn to_bytes(self) -> Vec<u8> {
        [self.nonce, self.since.as_millis().to_be_bytes(), self.until.as_millis().to_be_bytes()].concat()
    }

    fn parse(bytes: &[u8]) -> Option<Marker> {
        let (nonce, rest) = bytes.split_first_chunk()?;
        let (since, rest) = rest.split_first_chunk()?;
        let moment = |bytes: &[u8; 8]| Timestamp::from_millis(u64::from_be_bytes(*bytes));
        Some(Marker { nonce: *nonce, since: moment(since), until: moment(rest.try_into().ok()?) })
    }

    /// Whether somebody may be about to write the entry.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        now < self.since + GRACE
    }
}

/// A marker that was written for an entry that comes now.
pub(crate) struct Mark {
    owner: OwnerKey,
    id: SessionId,
    pub(crate) nonce: [u8; 8],
    pub(crate) until: Timestamp,
    /// What stood there before.
    before: Bytes,
}

/// A marker whose session has ended or is another's.
pub(crate) struct Ended {
    owner: OwnerKey,
    id: SessionId,
    nonce: [u8; 8],
    instead: Bytes,
}

impl Ended {
    /// Owner and nonce, if they follow.
    pub(crate) fn of(id: SessionId, answer: &mut Answer) -> Result<Option<Ended>, Fault> {
        if answer.is_over() {
            return Ok(None);
        }
        let owner = OwnerKey::from_bytes(answer.exactly()?);
        Ok(Some(Ended { owner, id, nonce: answer.exactly()?, instead: Bytes::new() }))
    }

    /// All that follow: id, owner, nonce.
    pub(crate) fn all(answer: &mut Answer) -> Result<Vec<Ended>, Fault> {
        let mut all = Vec::new();
        while !answer.is_over() {
            let id = SessionId::from_bytes(answer.exactly()?);
            all.extend(Ended::of(id, answer)?);
        }
        Ok(all)
    }
}

/// How long it may take from a marker to its entry, by the application's clock. Those who read spare markers for
/// [`GRACE`], and their clocks may differ from ours.
const LAG: Duration = GRACE.checked_div(2).expect("two is not zero");

impl RedisStore {
    /// Writes a marker for an entry that comes next.
    pub(crate) async fn mark(
        &self,
        owner: &OwnerKey,
        id: &SessionId,
        expires: Option<Timestamp>,
    ) -> Result<Mark, Fault> {
        let mut before = None;
        for _ in 0..ATTEMPTS {
            let now = self.now();
            let marker = Marker::new(now, marked_until(now, expires))?;
            let ask = Ask::run(&MARK, [self.keys.owner(owner)])
                .arg(millis(now))
                .arg(*id.as_bytes())
                .arg(marker.to_bytes())
                .arg(ttl_of_marker(now, marker.until));
            let found = bytes(self.link.ask(&ask).await?)?.unwrap_or_default();
            let before = before.get_or_insert(found);
            if self.now().since(now) < LAG {
                let before = before.clone();
                return Ok(Mark { owner: *owner, id: *id, nonce: marker.nonce, until: marker.until, before });
            }
        }
        Err(Fault::Contended)
    }

    /// Takes back a marker whose entry was not written.
    pub(crate) async fn unmark(&self, mark: Option<Mark>) {
        if let Some(Mark { owner, id, nonce, before, .. }) = mark {
            self.forget_markers(vec![Ended { owner, id, nonce, instead: before }]).await;
        }
    }

    /// Takes markers away, each one if it is still the one that was meant. If that fails they are found out later.
    pub(crate) async fn forget_markers(&self, ended: Vec<Ended>) {
        let ask = |ended: &Ended| {
            Ask::run(&UNMARK, [self.keys.owner(&ended.owner)])
                .arg(millis(self.now()))
                .arg(*ended.id.as_bytes())
                .arg(ended.nonce)
                .arg(&ended.instead[..])
        };
        if !ended.is_empty() {
            let asks: Vec<Ask> = ended.iter().map(ask).collect();
            // What it is for is done already, so this neither fails it nor holds it up for long.
            let _ = tokio::time::timeout(self.timeout / 4, self.link.ask_all(&asks)).await;
        }
    }

    /// The markers of an owner, in the order of the ids.
    pub(crate) async fn markers(&self, owner: &OwnerKey) -> Result<Vec<(SessionId, Marker)>, Fault> {
        let found = self.link.ask(&Ask::read("HGETALL", self.keys.owner(owner))).await?;
        let pairs = match found {
            Value::Map(pairs) => pairs,
            _ => return Err(Fault::Unexpected),
        };
        let mut markers = Vec::with_capacity(pairs.len());
        for (id, marker) in pairs {
            if let (Some(id), Some(marker)) = (bytes(id)?, bytes(marker)?)
                && let Ok(id) = id[..].try_into()
                && let Some(marker) = Marker::parse(&marker)
            {
                markers.push((SessionId::from_bytes(id), marker));
            }
        }
        markers.sort_unstable_by_key(|(id, _)| *id);
        Ok(markers)
    }

    /// The entries under these ids; `None` where there is none of ours.
    pub(crate) async fn records(&self, asks: &[Ask]) -> Result<Vec<Option<Record>>, Fault> {
        let mut records = Vec::with_capacity(asks.len());
        for part in asks.chunks(AT_ONCE) {
            for found in join_all(part.iter().map(|ask| self.link.ask(ask))).await {
                let found = match found {
                    Err(fault) if fault.is_other_type() => None,
                    found => bytes(found?)?,
                };
                records.push(found.and_then(|found| Record::parse(&found).ok()));
            }
        }
        Ok(records)
    }

    pub(crate) async fn page_of_owner(
        &self,
        owner: &OwnerKey,
        after: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<Listed>, Fault> {
        let mut page = Vec::new();
        if limit == 0 {
            return Ok(page);
        }
        let mut markers = self.markers(owner).await?;
        markers.retain(|(id, _)| after.is_none_or(|after| id > after));
        let mut stale = Vec::new();
        for part in markers.chunks(limit.min(AT_ONCE)) {
            let asks: Vec<Ask> = part.iter().map(|(id, _)| Ask::read("GET", self.keys.entry(id))).collect();
            let records = self.records(&asks).await?;
            let now = self.now();
            for ((id, marker), record) in part.iter().zip(records) {
                match record.map(|record| record.stored).filter(|stored| stored.entry.owner == Some(*owner)) {
                    Some(stored) if stored.entry.is_expired(now) => {}
                    Some(stored) => page.push(Listed { id: *id, stored }),
                    None if marker.is_fresh(now) => {}
                    None => {
                        stale.push(Ended { owner: *owner, id: *id, nonce: marker.nonce, instead: Bytes::new() });
                    }
                }
            }
            if page.len() >= limit {
                break;
            }
        }
        page.truncate(limit);
        self.forget_markers(stale).await;
        Ok(page)
    }
}

/// How often a marker is written before giving up, if time leaps meanwhile.
const ATTEMPTS: usize = 5;

/// How many entries are loaded at once.
const AT_ONCE: usize = 256;
