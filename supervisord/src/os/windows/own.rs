//! What the daemon needs of Windows for itself: folders, files, console events, peers.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::windows::io::OwnedHandle;
use std::path::Path;

use super::Peer;
use interprocess::local_socket::tokio::{Listener, Stream};
use interprocess::local_socket::traits::StreamCommon as _;
use interprocess::local_socket::{GenericNamespaced, Name, ToNsName as _};
use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};

/// What the system asks of the daemon by a console event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Ctrl-C, Ctrl-Break, or the console closes.
    Shutdown,
    /// Nothing sends it here; `svcctl apply` does the same.
    Reload,
}

/// The console events that are requests.
#[derive(Debug)]
pub struct Requests {
    interrupt: CtrlC,
    stop: CtrlBreak,
    close: CtrlClose,
}

impl Requests {
    /// Takes the events over from the system's default.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        Ok(Self { interrupt: ctrl_c()?, stop: ctrl_break()?, close: ctrl_close()? })
    }

    /// The next request.
    pub async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.interrupt.recv() => Request::Shutdown,
            _ = self.stop.recv() => Request::Shutdown,
            _ = self.close.recv() => Request::Shutdown,
        }
    }
}

/// Nobody is root here: the domain is chosen by arguments.
#[must_use]
pub fn is_root() -> bool {
    false
}

/// The daemon's user as a word for names.
#[must_use]
pub fn current_user() -> String {
    std::env::var("USERNAME").unwrap_or_default()
}

/// Makes a folder and those above it; who may open it is inherited from the one above.
///
/// # Errors
/// What the system says.
pub fn create_folder(folder: &Path, _is_private: bool) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// The name of the control pipe.
///
/// # Errors
/// When the name is no pipe's.
pub fn socket_name(path: &Path) -> io::Result<Name<'_>> {
    path.as_os_str().to_ns_name::<GenericNamespaced>()
}

/// The pipe's default security descriptor lets its owner, administrators and LocalSystem write.
///
/// # Errors
/// None.
pub fn make_private(_socket: &Path) -> io::Result<()> {
    Ok(())
}

/// Who is at the other end of a connection: a process, and no number of a user.
#[must_use]
pub fn peer(stream: &Stream) -> Peer {
    let pid = stream.peer_creds().ok().and_then(|peer| peer.pid());
    Peer { uid: None, pid }
}

/// Whoever could open the pipe may control it: its security descriptor was the check.
#[must_use]
pub fn may_control(_peer: Peer) -> bool {
    true
}

/// A pipe is never closed in one direction alone.
#[must_use]
pub fn is_hung_up(_stream: &Stream) -> bool {
    true
}

/// Files inherit who may read them.
///
/// # Errors
/// None.
pub fn make_readable(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Any file can be run here.
///
/// # Errors
/// None.
pub fn make_executable(_file: &File) -> io::Result<()> {
    Ok(())
}

/// NTFS journals renames; a folder can't be synced.
///
/// # Errors
/// None.
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Opens a log of ours for appending.
///
/// # Errors
/// What the system says.
pub fn open_log(file: &Path) -> io::Result<OwnedHandle> {
    Ok(OpenOptions::new().append(true).create(true).open(file)?.into())
}

/// Opens a file for reading.
///
/// # Errors
/// What the system says.
pub fn open_to_read(file: &Path) -> io::Result<File> {
    File::open(file)
}

/// True when the path still leads to some file: Windows does not let an open log be replaced.
#[must_use]
pub fn is_same_file(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// The handle of an open file.
#[must_use]
pub fn borrow(file: &File) -> std::os::windows::io::BorrowedHandle<'_> {
    std::os::windows::io::AsHandle::as_handle(file)
}

/// A pipe can't be had from a handle.
///
/// # Errors
/// Always.
pub fn socket_of(_handle: OwnedHandle) -> io::Result<Listener> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Nothing is handed over here: any handle stands for the pipe.
///
/// # Errors
/// What the system says.
pub fn socket_handle(_socket: &Listener) -> io::Result<OwnedHandle> {
    Ok(File::open("NUL")?.into())
}

/// A handle, to be handed over.
#[must_use]
pub fn lend(handle: &OwnedHandle) -> std::os::windows::io::BorrowedHandle<'_> {
    std::os::windows::io::AsHandle::as_handle(handle)
}

/// What the file system calls an open file: unknown here, so that all are the same.
///
/// # Errors
/// None.
pub fn file_number(_file: &File) -> io::Result<u64> {
    Ok(0)
}

/// Some process may have that number; a lock ends with its holder here, so nobody has to know.
#[must_use]
pub fn is_process(_pid: u32) -> bool {
    true
}
