//! Looking for what should not be: files that cannot be read, sessions without their owner's marker, a directory of others.

use std::time::Duration;

use super::entry_file::{Locked, Purpose, peek};
use super::fault::Fault;
use super::listing::Shard;
use super::own_names;
use super::owners;
use super::root::{Root, entry_path};
use super::write::Announced;
use crate::store::{Findings, Repair};
use crate::{SessionId, Timestamp};

/// How often a file that others hold is asked for again, and after how long.
const ATTEMPTS: usize = 1000;
const PAUSE: Duration = Duration::from_millis(1);

/// Goes through all files.
pub(super) fn inspect(root: &Root, repair: Repair, now: Timestamp) -> Result<Findings, Fault> {
    let base = root.present_base()?;
    let (mut findings, mut has_sessions) = (Findings::default(), false);
    for number in 0..=u8::MAX {
        for id in Shard::read(&base, number)?.ids {
            has_sessions = true;
            match until_free(|| lacks_marker(root, &id, repair, now)) {
                Ok(lacks) => findings.unmarked += u64::from(lacks),
                Err(Fault::Malformed(_)) => {
                    findings.unreadable += 1;
                    findings.first_unreadable.get_or_insert_with(|| root.path().join(entry_path(&id)));
                }
                Err(fault) => return Err(fault),
            }
        }
    }
    if !has_sessions && own_names::is_foreign(&base)? {
        findings.foreign = Some(root.path().to_owned());
    }
    Ok(findings)
}

/// True if this is a living session that its owner's directory does not have, or did not before it was repaired.
fn lacks_marker(root: &Root, id: &SessionId, repair: Repair, now: Timestamp) -> Result<bool, Fault> {
    let owner = |entry: Option<crate::store::Entry>| entry.filter(|entry| !entry.is_expired(now))?.owner;
    // Nearly all of them have one, and need no lock.
    let Some(hers) = owner(peek(root, id)?.map(|stored| stored.entry)) else { return Ok(false) };
    if owners::is_marked(&root.base(), &hers, id)? {
        return Ok(false);
    }
    let purpose = if repair == Repair::Markers { Purpose::Write } else { Purpose::Look };
    Locked::with(
        root,
        id,
        purpose,
        || false,
        |file| {
            // It may have ended or changed hands since, and its marker have gone with that.
            let found = file.read(|pair| Ok(pair.map(|pair| pair.newest.head())))?;
            if file.stands()?.is_none() {
                return Ok(None);
            }
            let Some(owner) = owner(found) else { return Ok(Some(false)) };
            if owners::is_marked(&file.base, &owner, id)? {
                return Ok(Some(false));
            }
            if repair == Repair::Markers {
                Announced::write(&file.base, Some(&owner), id, now)?.done();
            }
            Ok(Some(true))
        },
    )
}

fn until_free<T>(ask: impl Fn() -> Result<T, Fault>) -> Result<T, Fault> {
    for _ in 0..ATTEMPTS {
        match ask() {
            Err(Fault::Held) => std::thread::sleep(PAUSE),
            answer => return answer,
        }
    }
    ask()
}
