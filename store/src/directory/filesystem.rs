//! What kind of file system a directory is on, as far as it matters to sessions.

use std::os::fd::OwnedFd;

use rustix::io::Errno;

#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux is asked"))]
pub(super) enum Kind {
    /// Locks and renames keep their promises, and files outlive the machine's next start.
    Local,
    /// Local, but what is in it is gone with the machine or the container.
    Passing(&'static str),
    /// Others write to it from elsewhere; locks are local to a machine, or late, or ignored.
    Network(&'static str),
}

#[cfg(target_os = "linux")]
pub(super) fn kind(directory: &OwnedFd) -> Result<Kind, Errno> {
    let magic = rustix::fs::fstatfs(directory)?.f_type;
    // The type of the field differs between architectures; all magic numbers have 32 bits.
    #[allow(clippy::unnecessary_cast)]
    Ok(of_magic(magic as u32))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn kind(_directory: &OwnedFd) -> Result<Kind, Errno> {
    Ok(Kind::Local)
}

/// The numbers are those of `linux/magic.h` and of statfs(2).
#[cfg(target_os = "linux")]
fn of_magic(magic: u32) -> Kind {
    match magic {
        0x6969 => Kind::Network("nfs"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Kind::Network("smb"),
        0x0102_1997 => Kind::Network("9p"),
        0x6573_5546 => Kind::Network("fuse"),
        0x5346_414f | 0x6b41_4653 => Kind::Network("afs"),
        0x00c3_6400 => Kind::Network("ceph"),
        0x7375_7245 => Kind::Network("coda"),
        0x0bd0_0bd0 => Kind::Network("lustre"),
        0x0102_1994 => Kind::Passing("tmpfs"),
        0x8584_58f6 => Kind::Passing("ramfs"),
        0x794c_7630 => Kind::Passing("overlayfs"),
        _ => Kind::Local,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        for (magic, name) in
            [(0x6969, "nfs"), (0xfe53_4d42, "smb"), (0xff53_4d42, "smb"), (0x0102_1997, "9p"), (0x6573_5546, "fuse")]
        {
            assert!(matches!(of_magic(magic), Kind::Network(kind) if kind == name));
        }
        assert!(matches!(of_magic(0xef53), Kind::Local), "ext4");
        assert!(matches!(of_magic(0x0102_1994), Kind::Passing("tmpfs")));
    }
}
