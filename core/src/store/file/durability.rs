//! What a power failure may take.

/// What has reached the disk when a write is answered. A killed process loses nothing in either case, and no file is ever
/// half written.
///
/// | | after a power failure | a write in place costs |
/// |---|---|---|
/// | [`None`](Durability::None) | the writes of the last seconds may be missing, logouts too | microseconds |
/// | [`Data`](Durability::Data) | what was written into a session that exists is there; one that was just made, has grown or has ended may be as before | the disk, once |
/// | [`Full`](Durability::Full) | all that was answered is there | the disk, once for a write in place and for an end, twice for a session that is made or grows |
///
/// ```
/// use webstack_core::store::{Durability, FileStore};
///
/// # let place = tempfile::tempdir()?;
/// # let directory = place.path().join("WebStack-sessions");
/// let store = FileStore::builder(&directory).durability(Durability::Full).open()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
///
/// Without [`Full`](Durability::Full) a logout that was answered in the moment before a power failure may be undone by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// Nothing is waited for; the system writes when it sees fit, within half a minute as a rule.
    #[default]
    None,
    /// What is written is synced.
    Data,
    /// What is written is synced, and the names of files too.
    Full,
}
