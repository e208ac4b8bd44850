//! From one program of the daemon to the next, in the same process: what stays open over `execve`.
//!
//! Children stay children, so nothing is lost of them. The variable names our own pid: whoever else
//! inherits it takes nothing from it.

use std::ffi::{CString, OsStr, OsString};
use std::io::{self, PipeReader, Read as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};

const VARIABLE: &str = "SUPERVISORD_HANDOVER";

/// What the program before this one left open.
#[derive(Debug)]
pub struct Handover {
    /// The lock, still held.
    pub lock: OwnedFd,
    /// The socket, still bound, with clients waiting in it.
    pub socket: OwnedFd,
    /// The sockets of services, and the pipes of their logs.
    pub handles: Vec<OwnedFd>,
}

impl Handover {
    /// What was handed over to this very process, once.
    ///
    /// Must be called before any thread exists.
    #[must_use]
    pub fn take() -> Option<Self> {
        let value = std::env::var(VARIABLE).ok()?;
        // SAFETY: there are no threads yet, so nobody reads the environment meanwhile.
        unsafe { std::env::remove_var(VARIABLE) };
        let mut numbers = value.split(':').map(str::parse::<RawFd>);
        let mut next = || numbers.next()?.ok();
        let (pid, lock, socket) = (next()?, next()?, next()?);
        let handles: Vec<RawFd> = std::iter::from_fn(next).collect();
        if u32::try_from(pid) != Ok(std::process::id()) {
            return None;
        }
        let own = |number| {
            // SAFETY: the program before this one left it open for us, and nobody else knows it.
            let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
            set_inherited(descriptor.as_fd(), false).ok().map(|()| descriptor)
        };
        let handles = handles.into_iter().filter_map(own).collect();
        Some(Self { lock: own(lock)?, socket: own(socket)?, handles })
    }
}

/// Becomes another program, which finds what is lent: the lock, the socket, and the sockets and
/// pipes of services, in this order. Returns only when it can't.
pub fn become_daemon(program: &Path, arguments: &[OsString], lent: &[BorrowedFd<'_>]) -> io::Error {
    let failed = hand_over(program, arguments, lent).err();
    for descriptor in lent {
        if let Err(error) = set_inherited(*descriptor, false) {
            log::error!("cannot close a descriptor on exec again: {error}");
        }
    }
    failed.unwrap_or_else(|| io::Error::other("exec returned"))
}

fn hand_over(program: &Path, arguments: &[OsString], lent: &[BorrowedFd<'_>]) -> io::Result<()> {
    let text = |text: &OsStr| CString::new(text.as_bytes()).map_err(io::Error::from);
    let path = text(program.as_os_str())?;
    let arguments = std::iter::once(program.as_os_str())
        .chain(arguments.iter().map(OsString::as_os_str))
        .map(text)
        .collect::<io::Result<Vec<_>>>()?;
    let descriptors = lent.iter().map(|descriptor| format!(":{}", descriptor.as_raw_fd()));
    let descriptors: String = descriptors.collect();
    // What the service manager gave to this program's start is not there for the next one.
    let handover = format!("{VARIABLE}={}{descriptors}", std::process::id());
    let environment = std::env::vars_os()
        .filter(|(name, _)| !name.as_bytes().starts_with(b"LISTEN_"))
        .map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat())
        .chain(std::iter::once(handover.into_bytes()))
        .map(|pair| CString::new(pair).map_err(io::Error::from))
        .collect::<io::Result<Vec<_>>>()?;
    for descriptor in lent {
        set_inherited(*descriptor, true)?;
    }
    nix::unistd::execve(&path, &arguments, &environment)?;
    Ok(())
}

fn set_inherited(descriptor: BorrowedFd<'_>, is_inherited: bool) -> io::Result<()> {
    let flags = if is_inherited { FdFlag::empty() } else { FdFlag::FD_CLOEXEC };
    fcntl(descriptor, FcntlArg::F_SETFD(flags))?;
    Ok(())
}

/// What a program that has ended wrote into a pipe; others that hold its end are not waited for.
#[must_use]
pub fn read_what_is_there(pipe: PipeReader) -> Vec<u8> {
    let mut bytes = Vec::new();
    if fcntl(&pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).is_ok() {
        let _ = pipe.take(4096).read_to_end(&mut bytes);
    }
    bytes
}
