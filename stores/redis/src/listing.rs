//! Everybody's sessions, in the order of their ids: part by part, several parts at a time.

use redis::Value;
use webstack_store::{Listed, SessionId};

use crate::answer::bytes;
use crate::fault::Fault;
use crate::keys::{SHARDS, Shard};
use crate::lifetime::millis;
use crate::script::Ask;
use crate::store::RedisStore;

/// How many parts are looked at first, and how many at a time at most.
const FIRST: u16 = 4;
const MOST: u16 = 1024;

impl RedisStore {
    pub(crate) async fn list_page(&self, after: Option<&SessionId>, limit: usize) -> Result<Vec<Listed>, Fault> {
        let mut page: Vec<Listed> = Vec::new();
        let (mut shard, mut width) = (after.map_or(0, |id| Shard::of(id).0), FIRST);
        while shard < SHARDS && page.len() < limit {
            let end = SHARDS.min(shard + width);
            let ids = self.living((shard..end).map(Shard), after).await?;
            // Corrupt entries, and those that ended meanwhile, leave room for the next ones.
            let mut rest = &ids[..];
            while !rest.is_empty() && page.len() < limit {
                let (part, behind) = rest.split_at(rest.len().min(limit - page.len()));
                self.load_into(&mut page, part).await?;
                rest = behind;
            }
            shard = end;
            width = next_width(width, ids.len(), limit - page.len().min(limit));
        }
        Ok(page)
    }

    /// The ids of what lives in these parts, in order.
    async fn living(
        &self,
        shards: impl Iterator<Item = Shard>,
        after: Option<&SessionId>,
    ) -> Result<Vec<SessionId>, Fault> {
        let now = millis(self.now());
        let asks: Vec<Ask> = shards
            .map(|shard| Ask::read("ZRANGEBYSCORE", self.keys.index(shard)).arg(format!("({now}")).arg("+inf"))
            .collect();
        let mut ids = Vec::new();
        for answer in self.link.ask_all(&asks).await? {
            let Value::Array(members) = answer else { return Err(Fault::Unexpected) };
            for member in members {
                if let Some(member) = bytes(member)?
                    && let Ok(id) = member[..].try_into()
                {
                    ids.push(SessionId::from_bytes(id));
                }
            }
        }
        ids.retain(|id| after.is_none_or(|after| id > after));
        ids.sort_unstable();
        Ok(ids)
    }

    async fn load_into(&self, page: &mut Vec<Listed>, ids: &[SessionId]) -> Result<(), Fault> {
        let asks: Vec<Ask> = ids.iter().map(|id| Ask::read("GET", self.keys.entry(id))).collect();
        let records = self.records(&asks).await?;
        let now = self.now();
        for (id, record) in ids.iter().zip(records) {
            let stored = record.map(|record| record.stored).filter(|stored| !stored.entry.is_expired(now));
            page.extend(stored.map(|stored| Listed { id: *id, stored }));
        }
        Ok(())
    }
}

/// As many parts as probably hold what is missing; more, where there was nothing.
fn next_width(width: u16, found: usize, missing: usize) -> u16 {
    let wanted = match found {
        0 => usize::from(width) * 8,
        found => (usize::from(width).saturating_mul(missing) / found).saturating_add(1),
    };
    u16::try_from(wanted).unwrap_or(MOST).clamp(1, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_store_is_gone_through_in_a_few_strides() {
        let (mut shard, mut width, mut strides) = (0, FIRST, 0);
        while shard < SHARDS {
            shard = SHARDS.min(shard + width);
            width = next_width(width, 0, 10);
            strides += 1;
        }
        assert!(strides <= 8, "{strides}");
    }

    #[test]
    fn a_full_store_is_read_no_further_than_needed() {
        assert_eq!(next_width(4, 1000, 10), 1);
        assert_eq!(next_width(4, 4, 100), 101);
        assert_eq!(next_width(MOST, 1, usize::MAX), MOST);
    }
}
