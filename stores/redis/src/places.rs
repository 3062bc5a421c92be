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
