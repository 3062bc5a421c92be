//! The system calls of the store of files, and nothing else: what it is measured beside.
//!
//! Everything that a call needs is made beforehand, so what is left is the system's own time. The calls and their flags
//! are those that `strace` shows of the store.

use std::ffi::CString;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FlockOperation, Mode, OFlags, RawDir, RenameFlags, ResolveFlags};
use rustix::io::Errno;
use webstack_core::store::Durability;

/// A file up to this size is read in one call, and the store has this much room for it.
const ROOM: usize = 8193;

/// A directory with session files.
#[derive(Debug)]
pub(crate) struct Bare {
    directory: OwnedFd,
    path: CString,
    room: Box<[u8; ROOM]>,
    durability: Durability,
}

/// One file's names.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) file: CString,
    pub(crate) temporary: CString,
    pub(crate) shard: CString,
}

type Done = Result<(), Errno>;

impl Bare {
    pub(crate) fn open(path: &Path, durability: Durability) -> Self {
        let path = CString::new(path.as_os_str().as_encoded_bytes()).expect("paths have no zeros");
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(&path, flags, Mode::empty()).expect("the directory is there");
        Bare { directory, path, room: Box::new([0; ROOM]), durability }
    }

    fn opened(&self, path: &CString, flags: OFlags) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let mode = if flags.contains(OFlags::CREATE) { Mode::RUSR | Mode::WUSR } else { Mode::empty() };
        rustix::fs::openat2(&self.directory, path, flags, mode, ResolveFlags::NO_SYMLINKS)
    }

    pub(crate) fn read(&mut self, names: &Names) -> Done {
        let fd = self.opened(&names.file, OFlags::RDONLY | OFlags::NOATIME)?;
        rustix::io::pread(&fd, &mut self.room[..], 0)?;
        Ok(())
    }

    /// The same as [`read`](Bare::read), and the system may note it in the inode.
    pub(crate) fn read_noted(&mut self, names: &Names) -> Done {
        let fd = self.opened(&names.file, OFlags::RDONLY)?;
        rustix::io::pread(&fd, &mut self.room[..], 0)?;
        Ok(())
    }

    fn locked(&mut self, names: &Names, flags: OFlags) -> Result<OwnedFd, Errno> {
        let fd = self.opened(&names.file, flags | OFlags::NOATIME)?;
        rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive)?;
        rustix::io::pread(&fd, &mut self.room[..], 0)?;
        Ok(fd)
    }

    fn looked_at(&self, fd: &OwnedFd, names: &Names) -> Done {
        rustix::fs::fstat(fd)?;
        rustix::fs::statat(&self.directory, &names.file, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(())
    }

    pub(crate) fn update(&mut self, names: &Names, slot: &[u8]) -> Done {
        let fd = self.locked(names, OFlags::RDWR)?;
        self.looked_at(&fd, names)?;
        rustix::io::pwrite(&fd, slot, 0)?;
        self.sync_data(&fd)
    }

    pub(crate) fn conflict(&mut self, names: &Names) -> Done {
        self.locked(names, OFlags::RDWR)?;
        Ok(())
    }

    pub(crate) fn grow(&mut self, names: &Names, file: &[u8]) -> Done {
        let fd = self.locked(names, OFlags::RDWR)?;
        self.looked_at(&fd, names)?;
        self.replace(names, file)
    }

    /// A temporary file, renamed over another.
    pub(crate) fn replace(&mut self, names: &Names, file: &[u8]) -> Done {
        let fd = self.opened(&names.temporary, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)?;
        rustix::io::pwrite(&fd, file, 0)?;
        self.sync_data(&fd)?;
        rustix::fs::renameat(&self.directory, &names.temporary, &self.directory, &names.file)?;
        self.sync_names(names)
    }

    pub(crate) fn create(&mut self, names: &Names, file: &[u8]) -> Done {
        self.is_present()?;
        let fd = self.opened(&names.temporary, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)?;
        rustix::io::pwrite(&fd, file, 0)?;
        self.sync_data(&fd)?;
        let directory = &self.directory;
        rustix::fs::renameat_with(directory, &names.temporary, directory, &names.file, RenameFlags::NOREPLACE)?;
        self.sync_names(names)
    }

    pub(crate) fn remove(&mut self, names: &Names) -> Done {
        self.is_present()?;
        let fd = self.locked(names, OFlags::RDONLY)?;
        self.looked_at(&fd, names)?;
        rustix::fs::unlinkat(&self.directory, &names.file, AtFlags::empty())?;
        self.sync_names(names)
    }

    /// Whether the directory is still the one that others use.
    fn is_present(&self) -> Done {
        rustix::fs::statat(CWD, &self.path, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(())
    }

    fn sync_data(&self, fd: &OwnedFd) -> Done {
        if self.durability == Durability::None { Ok(()) } else { rustix::fs::fdatasync(fd) }
    }

    fn sync_names(&self, names: &Names) -> Done {
        if self.durability != Durability::Full {
            return Ok(());
        }
        rustix::fs::fsync(self.opened(&names.shard, OFlags::RDONLY | OFlags::DIRECTORY)?)
    }

    /// Reads all names and looks at all files, as `find` does, and says how many there are.
    pub(crate) fn walk(&self) -> Result<u64, Errno> {
        let mut files = 0;
        let mut room = [MaybeUninit::uninit(); 32 << 10];
        for shard in Dir::read_from(&self.directory)? {
            let shard = shard?;
            let name = shard.file_name();
            if name.to_bytes().len() != 2 || name == c".." {
                continue;
            }
            let directory = self.opened(&name.to_owned(), OFlags::RDONLY | OFlags::DIRECTORY)?;
            let mut listing = RawDir::new(&directory, &mut room);
            while let Some(file) = listing.next() {
                let file = file?;
                if !file.file_name().to_bytes().starts_with(b".") {
                    rustix::fs::statat(&directory, file.file_name(), AtFlags::SYMLINK_NOFOLLOW)?;
                    files += 1;
                }
            }
        }
        Ok(files)
    }
}
