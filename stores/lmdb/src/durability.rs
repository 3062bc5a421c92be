//! What a failure of the machine may take away.

/// What of the last writes a power failure, or a crash of the operating system, may take away. The end of a process, however
/// sudden, never takes anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// Nothing: a write is answered when it is on the disk.
    Synced,
    /// The last write, as a whole. What is left is consistent.
    #[default]
    Consistent,
    /// Anything, the whole store included: pages may reach the disk in any order. Nothing waits for the disk.
    InsecureUnsynced,
}
