//! After everything: what is there can be read, changed and removed, and nothing is left over.

use std::time::Duration;

use super::player::{Player, purge};
use super::world::{ID, OTHER};
use crate::SessionId;

/// Does with each session what anybody may do next; what is answered is for the model to judge.
pub(super) fn recover(after: &Player<'_>, killed: usize) -> Result<(), String> {
    let world = after.world;
    let (names, temporary) = world.left();
    if temporary > killed {
        return Err(format!("temporary files are left: {names:?}"));
    }
    for (index, id) in [ID, OTHER].into_iter().filter(|id| was_used(after, id)).enumerate() {
        let after = Player { me: after.me + index, ..*after }.with(id);
        if let Some(stored) = after.load() {
            let updated = after.update(stored.version, world.entry('z', 2));
            if updated.is_none() || after.load().is_none() {
                return Err("what is left cannot be written".to_owned());
            }
        }
        after.remove();
        if after.load().is_some() {
            return Err("what is left cannot be removed".to_owned());
        }
    }
    purge(world, world.now + Duration::from_secs(3 * 3600)).map_err(|fault| fault.to_string())?;
    match world.left() {
        (names, _) if names.is_empty() => Ok(()),
        (names, _) => Err(format!("a purge leaves {names:?}")),
    }
}

fn was_used(after: &Player<'_>, id: &SessionId) -> bool {
    let history = &after.stage.lock().history;
    history.first.iter().any(|(first, _)| first == id) || history.events.iter().any(|event| event.id == *id)
}
