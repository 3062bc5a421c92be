//! The shipped code, stopped before each of its system calls: others run there, or it is killed.
//!
//! `calls` stands where the system calls are, and lets `shim` act on what a thread does: slots are written and read in parts,
//! which others see. `stage` has a few threads take turns, by a `script`; `explore` goes through all scripts with so many
//! changes of turn and so many kills, and passes over what leads to where another one has been. What was asked and
//! answered is a `history`, and `model` says whether a store may have it. `world` is the directory.
//!
//! `WEBSTACK_TESTS=all` allows more changes of turn; `-- crash --nocapture` tells what was tried. Power failures are not
//! among it: `durability` looks only at the order of what is synced.

mod budget;
pub(super) mod calls;
mod durability;
mod effects;
mod explore;
mod history;
mod model;
mod mutants;
mod player;
mod promises;
mod recovery;
mod rules;
mod scenarios;
mod script;
mod shim;
mod stage;
mod story;
#[path = "../calls.rs"]
mod system;
mod world;

use super::entry_file::Locked;
use super::owners::Owner;

/// Who closes a file with a lock lets others on: that is a point, too.
impl Drop for Locked {
    fn drop(&mut self) {
        shim::closes();
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        shim::closes();
    }
}
