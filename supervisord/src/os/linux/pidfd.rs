//! Descriptors of processes: they name one for as long as they are open, and tell how it ended.

use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};

use nix::errno::Errno;
use supervisor_core::Exit;

use crate::os::unix::exit;

/// `PIDFD_GET_INFO`, with the 64 bytes that the first version of the structure has.
const GET_INFO: libc::c_ulong = 0xC040_FF0B;
/// Asks `PIDFD_GET_INFO` for the exit status, and tells that it is there.
const INFO_EXIT: u64 = 8;

#[repr(C)]
#[derive(Default)]
struct Info {
    mask: u64,
    control_group: u64,
    ids: [u32; 11],
    exit_code: i32,
}

/// The pidfd of whoever has that number now.
pub(super) fn open(pid: i32) -> Option<OwnedFd> {
    // SAFETY: takes two numbers.
    let opened = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let raw = RawFd::try_from(opened).ok().filter(|fd| 0 <= *fd)?;
    // SAFETY: just opened, and nobody else knows it.
    Some(unsafe { OwnedFd::from_raw_fd(raw) })
}

/// Sends a signal to that very process; 0 only asks whether it could be.
pub(super) fn send(pidfd: &OwnedFd, signal: i32) -> nix::Result<()> {
    let null = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the kernel takes a null siginfo.
    let sent =
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, null, 0) };
    Errno::result(sent).map(drop)
}

/// How a process ended that was reaped; `None` when it was not, or the kernel does not tell.
pub(super) fn ended(pidfd: &OwnedFd) -> Option<Exit> {
    let mut info = Info { mask: INFO_EXIT, ..Info::default() };
    // SAFETY: the structure has the size that the request's number says.
    let asked = unsafe { libc::ioctl(pidfd.as_raw_fd(), GET_INFO, &raw mut info) };
    (asked == 0 && info.mask & INFO_EXIT != 0).then(|| exit(info.exit_code))
}

/// Whether [`ended`] can tell anything on this kernel.
pub(super) fn tells_exits() -> bool {
    let Ok(system) = nix::sys::utsname::uname() else { return false };
    let release = system.release().to_string_lossy();
    let mut numbers = release.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    (6, 15) <= (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}
