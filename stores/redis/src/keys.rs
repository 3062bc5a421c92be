//! What is kept under which key. All that one operation touches has one hash tag, and so one slot of a cluster.

use webstack_store::{OwnerKey, SessionId};

/// Into how many parts the sessions of a namespace are divided: the first three digits of an id.
pub(crate) const SHARDS: u16 = 4096;

/// One of the parts. They are in the order of the ids that they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shard(pub(crate) u16);

impl Shard {
    pub(crate) fn of(id: &SessionId) -> Shard {
        let [first, second, ..] = *id.as_bytes();
        Shard(u16::from_be_bytes([first, second]) >> 4)
    }

    /// The first id that could be in this part.
    pub(crate) fn first_id(self) -> SessionId {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&(self.0 << 4).to_be_bytes());
        SessionId::from_bytes(bytes)
    }
}

/// Names the keys of a namespace.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    namespace: String,
}

impl Keys {
    pub(crate) fn new(namespace: impl Into<String>) -> Keys {
        Keys { namespace: namespace.into() }
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// A session: a string, made and read by [`Record`](crate::record::Record).
    pub(crate) fn entry(&self, id: &SessionId) -> Vec<u8> {
        format!("{{{}:{:03x}}}:{id}", self.namespace, Shard::of(id).0).into_bytes()
    }

    /// What all of these keys begin with; others may, too, whose namespace begins with ours and a colon.
    pub(crate) fn prefix(&self) -> Vec<u8> {
        format!("{{{}:", self.namespace).into_bytes()
    }

    /// The session that is kept under a key; `None` for any other key.
    pub(crate) fn id(&self, key: &[u8]) -> Option<SessionId> {
        let (_, id) = key.split_last_chunk::<32>()?;
        let id = std::str::from_utf8(id).ok()?.parse().ok()?;
        (self.entry(&id) == key).then_some(id)
    }

    /// The sessions of a part: a sorted set of their ids, by deadline.
    pub(crate) fn index(&self, shard: Shard) -> Vec<u8> {
        format!("{{{}:{:03x}}}:x", self.namespace, shard.0).into_bytes()
    }

    /// The sessions of an owner, and the places kept for him: a hash from id to [`Marker`](crate::owners::Marker).
    pub(crate) fn owner(&self, owner: &OwnerKey) -> Vec<u8> {
        format!("{{{}:o:{owner}}}", self.namespace).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_together_has_one_hash_tag() {
        let keys = Keys::new("shop");
        let id: SessionId = "3f0a2233445566778899aabbccddeeff".parse().expect("an id");
        assert_eq!(keys.entry(&id), b"{shop:3f0}:3f0a2233445566778899aabbccddeeff");
        assert_eq!(keys.index(Shard::of(&id)), b"{shop:3f0}:x");
        assert_eq!(Shard::of(&id).first_id().to_string(), format!("3f0{}", "0".repeat(29)));
        assert!(keys.entry(&id).starts_with(&keys.prefix()));
        assert_eq!(Shard::of(&SessionId::from_bytes([0xff; 16])).0, SHARDS - 1);
    }

    #[test]
    fn only_the_key_of_a_session_names_one() {
        let keys = Keys::new("shop");
        let id: SessionId = "3f0a2233445566778899aabbccddeeff".parse().expect("an id");
        assert_eq!(keys.id(&keys.entry(&id)), Some(id));
        assert_eq!(keys.id(&Keys::new("shop:eu").entry(&id)), None, "a neighbour's");
        assert_eq!(keys.id(&keys.index(Shard::of(&id))), None);
        assert_eq!(keys.id(&keys.owner(&OwnerKey::derive("tests", "alice"))), None);
        for other in ["", "{shop:3f0}:3F0a2233445566778899aabbccddeeff", "{shop:3f1}:3f0a2233445566778899aabbccddeeff"]
        {
            assert_eq!(keys.id(other.as_bytes()), None, "{other}");
        }
    }
}
