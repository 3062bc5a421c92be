//! Who else may use the files: nobody, or a group.

use rustix::fs::{Gid, Mode};

/// Whom the directory and what is in it are for.
#[derive(Clone, Debug)]
pub(super) enum Access {
    /// The user who runs this process.
    Private,
    /// All members of a group.
    Group { name: String, id: Gid },
}

impl Access {
    pub(super) fn directory_mode(&self) -> Mode {
        match self {
            Access::Private => Mode::RWXU,
            Access::Group { .. } => Mode::RWXU | Mode::RWXG | Mode::SGID,
        }
    }

    pub(super) fn file_mode(&self) -> Mode {
        match self {
            Access::Private => Mode::RUSR | Mode::WUSR,
            Access::Group { .. } => Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP,
        }
    }
}
