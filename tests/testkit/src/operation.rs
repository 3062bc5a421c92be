//! The operations of a store, by name.

/// An operation of a [`Store`](webstack_core::store::Store).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `load`
    Load,
    /// `create`
    Create,
    /// `update`
    Update,
    /// `touch`
    Touch,
    /// `remove`
    Remove,
    /// `purge`
    Purge,
    /// `list`
    List,
    /// `owned_by`
    OwnedBy,
    /// `reserve`
    Reserve,
}

impl Operation {
    /// All of them.
    pub const ALL: [Operation; 9] = [
        Operation::Load,
        Operation::Create,
        Operation::Update,
        Operation::Touch,
        Operation::Remove,
        Operation::Purge,
        Operation::List,
        Operation::OwnedBy,
        Operation::Reserve,
    ];
}
