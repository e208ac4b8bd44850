//! What the daemon needs of a Unix system for itself: folders, files, signals, peers.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::Path;

use super::Peer;
use interprocess::local_socket::tokio::{Listener, Stream};
use interprocess::local_socket::traits::StreamCommon as _;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, Name, ToFsName as _};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::geteuid;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The longest path a socket can have here, in bytes: `sun_path` without its final zero.
pub(super) const SOCKET_PATH_MAX: usize = std::mem::size_of::<libc::sockaddr_un>()
    - std::mem::offset_of!(libc::sockaddr_un, sun_path)
    - 1;

/// What the system asks of the daemon by a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// SIGTERM or SIGINT.
    Shutdown,
    /// SIGHUP.
    Reload,
}

/// The signals that are requests.
#[derive(Debug)]
pub struct Requests {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Requests {
    /// Takes the signals over from the system's default.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next request.
    pub async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.terminate.recv() => Request::Shutdown,
            _ = self.interrupt.recv() => Request::Shutdown,
            _ = self.hang_up.recv() => Request::Reload,
        }
    }
}

/// True for the one who may do everything.
#[must_use]
pub fn is_root() -> bool {
    geteuid().is_root()
}

/// The daemon's user as a word for names.
#[must_use]
pub fn current_user() -> String {
    geteuid().to_string()
}

/// Makes a folder and those above it; a private one opens to its owner only.
///
/// # Errors
/// What the system says.
pub fn create_folder(folder: &Path, is_private: bool) -> io::Result<()> {
    let mode = if is_private { 0o700 } else { 0o755 };
    DirBuilder::new().recursive(true).mode(mode).create(folder)?;
    let metadata = fs::metadata(folder)?;
    if is_private && metadata.mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// The name of the control socket at `path`.
///
/// # Errors
/// When the path is longer than a socket's may be.
pub fn socket_name(path: &Path) -> io::Result<Name<'_>> {
    let length = path.as_os_str().len();
    if SOCKET_PATH_MAX < length {
        let cause = format!(
            "the path has {length} bytes, a socket's may have {SOCKET_PATH_MAX}; use a shorter --base"
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, cause));
    }
    path.to_fs_name::<GenericFilePath>()
}

/// Makes the control socket, over one that a dead daemon left, and opens it to its owner only; its
/// folder is private already.
///
/// # Errors
/// What the system says, for example that the path is too long for a socket.
pub fn listen(path: &Path) -> io::Result<Listener> {
    let options = ListenerOptions::new().name(socket_name(path)?);
    let socket = options.try_overwrite(true).create_tokio()?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(socket)
}

/// Who is at the other end of a connection, as the system says; on macOS it names no process.
#[must_use]
pub fn peer(stream: &Stream) -> Peer {
    let Ok(peer) = stream.peer_creds() else { return Peer::default() };
    let pid = peer.pid().and_then(|pid| u32::try_from(pid).ok());
    Peer { uid: peer.euid(), pid: pid.filter(|pid| *pid != 0) }
}

/// True when the peer is root or the daemon's own user.
#[must_use]
pub fn may_control(peer: Peer) -> bool {
    peer.uid.is_some_and(|user| user == 0 || user == geteuid().as_raw())
}

/// True when the peer has closed both directions, not only its sending one.
#[must_use]
pub fn is_hung_up(stream: &Stream) -> bool {
    let Stream::UdSocket(socket) = stream;
    let mut polled = [PollFd::new(socket.as_fd(), PollFlags::empty())];
    let events = poll(&mut polled, PollTimeout::ZERO).ok().and_then(|_| polled[0].revents());
    events.is_none_or(|events| events.intersects(PollFlags::POLLHUP | PollFlags::POLLERR))
}

/// Lets everybody read a file that was made for its owner only.
///
/// # Errors
/// What the system says.
pub fn make_readable(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(0o644))
}

/// Lets everybody run a file that was made for its owner only.
///
/// # Errors
/// What the system says.
pub fn make_executable(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(0o755))
}

/// Makes the folder's entries safe: without it a rename may be lost with the power.
///
/// # Errors
/// What the system says.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Opens a log of ours for appending; never through a link that someone left in its place.
///
/// # Errors
/// What the system says.
pub fn open_log(file: &Path) -> io::Result<std::os::fd::OwnedFd> {
    let flags = libc::O_NOFOLLOW | libc::O_CLOEXEC;
    let opened =
        OpenOptions::new().append(true).create(true).mode(0o640).custom_flags(flags).open(file)?;
    Ok(opened.into())
}

/// Opens a file for reading without waiting for anybody, even if it is a pipe.
///
/// # Errors
/// What the system says.
pub fn open_to_read(file: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(file)
}

/// True when the path leads to that open file.
#[must_use]
pub fn is_same_file(file: &File, path: &Path) -> bool {
    let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(found)) => identity(open) == identity(found),
        (Err(_), _) | (_, Err(_)) => false,
    }
}

/// The descriptor of an open file.
#[must_use]
pub fn borrow(file: &File) -> std::os::fd::BorrowedFd<'_> {
    file.as_fd()
}

/// A bound socket from its descriptor.
///
/// # Errors
/// When it is no socket.
pub fn socket_of(handle: std::os::fd::OwnedFd) -> io::Result<Listener> {
    Ok(Listener::UdSocket(handle.try_into()?))
}

/// Another descriptor of a bound socket, to be handed over.
///
/// # Errors
/// What the system says.
pub fn socket_handle(socket: &Listener) -> io::Result<std::os::fd::OwnedFd> {
    let Listener::UdSocket(socket) = socket;
    socket.as_fd().try_clone_to_owned()
}

/// A descriptor, to be handed over.
#[must_use]
pub fn lend(handle: &std::os::fd::OwnedFd) -> std::os::fd::BorrowedFd<'_> {
    handle.as_fd()
}

/// What the file system calls an open file, whatever its path is.
///
/// # Errors
/// What the system says.
pub fn file_number(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.ino())
}

/// Some process has that number.
#[must_use]
pub fn is_process(pid: u32) -> bool {
    let Ok(pid) = i32::try_from(pid) else { return false };
    let asked = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None);
    asked != Err(nix::errno::Errno::ESRCH)
}

/// This program is never started for an errand here: signals need none.
#[must_use]
pub fn errand() -> Option<std::process::ExitCode> {
    None
}
