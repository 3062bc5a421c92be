//! Who else may use the files: nobody, or a group.

use rustix::fs::{Gid, Mode};

use super::OpenError;

/// Whom the directory and what is in it are for.
#[derive(Clone, Debug)]
pub enum Access {
    /// The user who runs this process.
    Private,
    /// All members of a group.
    Group {
        /// Its name.
        name: String,
        /// Its number.
        id: Gid,
    },
}

impl Access {
    /// For the members of the group of this name; `None`: for this user alone.
    ///
    /// # Errors
    ///
    /// [`OpenError::UnknownGroup`].
    pub fn of(group: Option<&str>) -> Result<Self, OpenError> {
        let Some(name) = group else { return Ok(Access::Private) };
        match nix::unistd::Group::from_name(name) {
            Ok(Some(group)) => Ok(Access::Group { name: name.into(), id: Gid::from_raw(group.gid.as_raw()) }),
            Ok(None) => Err(OpenError::UnknownGroup { name: name.into(), source: None }),
            Err(errno) => Err(OpenError::UnknownGroup { name: name.into(), source: Some(errno.into()) }),
        }
    }

    /// The permissions of directories.
    pub fn directory_mode(&self) -> Mode {
        match self {
            Access::Private => Mode::RWXU,
            Access::Group { .. } => Mode::RWXU | Mode::RWXG | Mode::SGID,
        }
    }

    /// The permissions of files.
    pub fn file_mode(&self) -> Mode {
        match self {
            Access::Private => Mode::RUSR | Mode::WUSR,
            Access::Group { .. } => Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP,
        }
    }
}
