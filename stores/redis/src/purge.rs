//! Removing what is over: found by the indexes of deadlines, so nothing else is looked at.

use webstack_store::{GRACE, PurgeStep, Purged};

use crate::answer::{Answer, number};
use crate::fault::Fault;
use crate::keys::{SHARDS, Shard};
use crate::lifetime::millis;
use crate::owners::Ended;
use crate::script::{Ask, SWEEP};
use crate::store::RedisStore;

/// In how many parts is counted before anything is removed there.
const STRIDE: u16 = 512;

impl RedisStore {
    pub(crate) async fn purge_step(&self, step: PurgeStep) -> Result<Purged, Fault> {
        let mut purged = Purged::default();
        let mut left = u64::try_from(step.entries).unwrap_or(u64::MAX).max(1);
        let mut shard = step.after.map_or(0, |id| Shard::of(&id).0);
        while shard < SHARDS {
            let due = self.due(shard, SHARDS.min(shard + STRIDE)).await?;
            let mut sweeps = Vec::new();
            for count in due {
                let part = count.min(left);
                if part > 0 {
                    sweeps.push(self.sweep(Shard(shard), part));
                }
                left -= part;
                if part < count || left == 0 {
                    // Here, if something is left here; behind it, if there is something behind it.
                    shard += u16::from(part == count);
                    purged.next = (shard < SHARDS).then(|| Shard(shard).first_id());
                    break;
                }
                shard += 1;
            }
            let mut ended = Vec::new();
            for answer in self.link.ask_all(&sweeps).await? {
                let mut answer = Answer::of(answer)?;
                purged.removed += answer.number()?;
                ended.extend(Ended::all(&mut answer)?);
            }
            self.forget_markers(ended).await;
            if left == 0 {
                break;
            }
        }
        Ok(purged)
    }

    /// How much is over in each of these parts.
    async fn due(&self, from: u16, to: u16) -> Result<Vec<u64>, Fault> {
        let limit = over(self.now());
        let ask = |shard| Ask::read("ZCOUNT", self.keys.index(Shard(shard))).arg("-inf").arg(limit.clone());
        let counts = self.link.ask_all(&(from..to).map(ask).collect::<Vec<_>>()).await?;
        counts.into_iter().map(number).collect()
    }

    fn sweep(&self, shard: Shard, limit: u64) -> Ask {
        Ask::run(&SWEEP, [self.keys.index(shard)]).arg(millis(self.now())).arg(limit.to_string())
    }
}

/// The latest deadline of what is absent for everybody.
fn over(now: webstack_store::Timestamp) -> String {
    millis(now - GRACE)
}
