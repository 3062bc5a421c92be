//! Taking apart what scripts answer: a list that begins with a word or a number.

use bytes::Bytes;
use redis::Value;

use crate::fault::Fault;

pub(crate) struct Answer(std::vec::IntoIter<Value>);

impl Answer {
    pub(crate) fn of(value: Value) -> Result<Answer, Fault> {
        match value {
            Value::Array(values) => Ok(Answer(values.into_iter())),
            _ => Err(Fault::Unexpected),
        }
    }

    /// What follows; `None` if nothing does.
    pub(crate) fn text(&mut self) -> Result<Option<Bytes>, Fault> {
        self.0.next().map_or(Ok(None), bytes)
    }

    /// What has to follow.
    pub(crate) fn owed(&mut self) -> Result<Bytes, Fault> {
        self.text()?.ok_or(Fault::Unexpected)
    }

    /// What has to follow, of a certain length.
    pub(crate) fn exactly<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.owed()?[..].try_into().map_err(|_| Fault::Unexpected)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Fault> {
        self.0.next().map_or(Err(Fault::Unexpected), number)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.len() == 0
    }
}

/// The bytes of an answer; `None` if it is nothing.
pub(crate) fn bytes(value: Value) -> Result<Option<Bytes>, Fault> {
    match value {
        Value::BulkString(bytes) => Ok(Some(bytes.into())),
        Value::Nil => Ok(None),
        _ => Err(Fault::Unexpected),
    }
}

pub(crate) fn number(value: Value) -> Result<u64, Fault> {
    match value {
        Value::Int(number) => number.try_into().map_err(|_| Fault::Unexpected),
        _ => Err(Fault::Unexpected),
    }
}
