//! What is sent to a database, and what it answers, whichever it is.

use bytes::Bytes;
use webstack_store::{Entry, GRACE, OwnerKey, SessionId, Stored, Timestamp, Version};

use crate::fault::Fault;

/// A parameter of a statement.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Int(Option<i64>),
    Bytes(Option<&'a [u8]>),
}

/// The type of a column of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Int,
    Bytes,
}

/// One value of an answer.
#[derive(Debug)]
pub(crate) enum Cell {
    Int(Option<i64>),
    Bytes(Option<Vec<u8>>),
    /// Not of the type that the column has by our schema.
    Malformed,
}

pub(crate) type Row = Vec<Cell>;

pub(crate) fn id(id: &SessionId) -> Value<'_> {
    Value::Bytes(Some(id.as_bytes()))
}

pub(crate) fn owner(owner: Option<&OwnerKey>) -> Value<'_> {
    Value::Bytes(owner.map(|owner| &owner.as_bytes()[..]))
}

/// A version that no state of any entry has had: not one that was removed and created again, nor one that a failover has made
/// undone.
pub(crate) fn new_version() -> Result<Version, Fault> {
    getrandom::u64().map(Version::new).map_err(Fault::Random)
}

pub(crate) fn version(version: Version) -> Value<'static> {
    Value::Int(Some(version.get().cast_signed()))
}

pub(crate) fn moment(moment: Timestamp) -> Value<'static> {
    Value::Int(Some(signed(moment)))
}

pub(crate) fn deadline(deadline: Option<Timestamp>) -> Value<'static> {
    Value::Int(deadline.map(signed))
}

/// What expired at this moment or before is absent for everybody. It may lie before 1970.
pub(crate) fn cutoff(now: Timestamp) -> Value<'static> {
    Value::Int(Some(signed(now) - GRACE.as_millis() as i64))
}

pub(crate) fn count(count: usize) -> Value<'static> {
    Value::Int(Some(i64::try_from(count).unwrap_or(i64::MAX)))
}

/// Databases count up to half as far: what lies behind, in 292 million years, is the last moment that can be told.
fn signed(moment: Timestamp) -> i64 {
    i64::try_from(moment.as_millis()).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> Result<Timestamp, Fault> {
    match u64::try_from(number) {
        Ok(_) if number == i64::MAX => Ok(Timestamp::MAX),
        Ok(millis) => Ok(Timestamp::from_millis(millis)),
        Err(_) => Err(Fault::Malformed("the deadline is negative")),
    }
}

/// Reads the columns of a row, from the first to the last.
pub(crate) struct Columns(std::vec::IntoIter<Cell>);

impl Columns {
    pub(crate) fn of(row: Row) -> Self {
        Columns(row.into_iter())
    }

    pub(crate) fn optional_int(&mut self) -> Result<Option<i64>, Fault> {
        match self.0.next() {
            Some(Cell::Int(number)) => Ok(number),
            _ => Err(Fault::Malformed("a number was expected")),
        }
    }

    pub(crate) fn int(&mut self) -> Result<i64, Fault> {
        self.optional_int()?.ok_or(Fault::Malformed("a number is missing"))
    }

    pub(crate) fn optional_bytes(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        match self.0.next() {
            Some(Cell::Bytes(bytes)) => Ok(bytes),
            _ => Err(Fault::Malformed("bytes were expected")),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, Fault> {
        self.optional_bytes()?.ok_or(Fault::Malformed("bytes are missing"))
    }

    pub(crate) fn deadline(&mut self) -> Result<Option<Timestamp>, Fault> {
        self.optional_int()?.map(unsigned).transpose()
    }

    pub(crate) fn version(&mut self) -> Result<Version, Fault> {
        self.int().map(|number| Version::new(number.cast_unsigned()))
    }

    /// Version, deadline, owner and record.
    pub(crate) fn stored(&mut self) -> Result<Stored, Fault> {
        let version = self.version()?;
        let expires = self.deadline()?;
        let owner = self.optional_bytes()?.map(|bytes| bytes.try_into().map(OwnerKey::from_bytes));
        let owner = owner.transpose().map_err(|_| Fault::Malformed("the owner has not 32 bytes"))?;
        let bytes = Bytes::from(self.bytes()?);
        Ok(Stored { entry: Entry { bytes, expires, owner }, version })
    }
}

pub(crate) fn session_id(bytes: &[u8]) -> Result<SessionId, Fault> {
    bytes.try_into().map(SessionId::from_bytes).map_err(|_| Fault::Malformed("the id has not 16 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_that_a_database_can_tell_comes_back() {
        for millis in [0, 1, 4_102_444_800_000, i64::MAX as u64 - 1, u64::MAX] {
            let moment = Timestamp::from_millis(millis);
            assert_eq!(unsigned(signed(moment)).expect("it is not negative"), moment);
        }
        assert_eq!(unsigned(signed(Timestamp::from_millis(u64::MAX - 5))).expect("it is far"), Timestamp::MAX);
        assert!(unsigned(-1).is_err());
    }

    #[test]
    fn the_cutoff_may_lie_before_the_first_moment() {
        assert!(matches!(cutoff(Timestamp::from_millis(5)), Value::Int(Some(-59_995))));
        assert!(matches!(cutoff(Timestamp::MAX), Value::Int(Some(_))));
    }
}
