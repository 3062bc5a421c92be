pub(super) mod shim {
    use rustix::io::Errno;
    use std::os::fd::OwnedFd;
    pub(in super::super) fn step() -> Result<(), Errno> {
        Ok(())
    }
    pub(in super::super) fn goes_without_lock() -> Result<bool, Errno> {
        Ok(false)
    }
    pub(in super::super) fn goes_without_checksum() -> bool {
        false
    }
    pub(in super::super) fn is_between() -> bool {
        false
    }
    pub(in super::super) fn pread(_: &OwnedFd, _: &mut [u8]) -> Result<usize, Errno> {
        Ok(0)
    }
    pub(in super::super) fn pwrite(_: &OwnedFd, _: &[u8], _: u64) -> Result<usize, Errno> {
        Ok(0)
    }
    pub(in super::super) fn synced(_: &str) -> Result<(), Errno> {
        Ok(())
    }
}
