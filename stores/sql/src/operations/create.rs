//! A new entry.

use webstack_store::{Created, Entry, SessionId, Version};

use crate::dialect::Dialect;
use crate::dialect::fault;
use crate::engine::{On, Operation};
use crate::fault::{Fault, Meaning};
use crate::value;

pub(crate) struct Create {
    id: SessionId,
    entry: Entry,
    version: Version,
}

impl Create {
    pub(crate) fn new(id: SessionId, entry: Entry) -> Result<Self, Fault> {
        Ok(Create { id, entry, version: value::new_version()? })
    }
}

impl<D: Dialect> Operation<D> for Create {
    type Answer = Created;
    const WRITES: bool = true;
    const REPEATABLE: bool = false;

    async fn perform(&self, on: &mut On<'_, D>) -> Result<Created, Fault> {
        let Entry { bytes, expires, owner } = &self.entry;
        let values = [
            value::id(&self.id),
            value::version(self.version),
            value::deadline(*expires),
            value::owner(owner.as_ref()),
            value::Value::Bytes(Some(bytes)),
        ];
        match D::run(on.connection, &on.statements.create, &values).await.map_err(fault::<D>) {
            Ok(0) => Ok(Created::Exists),
            Err(fault) if fault.means(Meaning::Taken) => Ok(Created::Exists),
            Ok(_) => Ok(Created::New(self.version)),
            Err(fault) => Err(fault),
        }
    }
}
