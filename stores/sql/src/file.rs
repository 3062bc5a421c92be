//! The file of a SQLite store, and the directory that it is in.

use std::path::PathBuf;

use crate::fault::Fault;

#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
}

/// Makes the file for this user alone, in a directory that nobody else can write to. SQLite gives the files that it keeps
/// beside it the same permissions.
#[cfg(unix)]
pub(crate) fn make(file: &File) -> Result<(), Fault> {
    use std::fs::OpenOptions;
    use std::io::ErrorKind;
    use std::os::unix::fs::OpenOptionsExt as _;

    use webstack_store::directory::{Access, Demands, examine, furnish, make};

    let Some(directory) = file.path.parent() else { return Ok(()) };
    let is_new = !directory.exists();
    if is_new {
        make(directory, &Access::Private)?;
    }
    let (fd, _) = examine(directory, &Demands { access: Access::Private, allow_network_fs: false })?;
    if is_new {
        // One that was there may hold other things too, which belong into repositories.
        let file = file.path.file_name().and_then(|name| name.to_str());
        // Another process may be further, and have made the file and those that SQLite keeps beside it.
        let is_ours = |name: &str| file.is_some_and(|file| name.starts_with(file));
        furnish(&fd, directory, &Access::Private, is_ours).map_err(Fault::File)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file.path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(Fault::File(error)),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
pub(crate) fn make(file: &File) -> Result<(), Fault> {
    std::fs::OpenOptions::new().append(true).create(true).open(&file.path).map(drop).map_err(Fault::File)
}
