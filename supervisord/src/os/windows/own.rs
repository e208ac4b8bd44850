//! What the daemon needs of Windows for itself: folders, files, console events, peers.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::os::windows::io::{AsRawHandle as _, OwnedHandle};
use std::path::Path;

use super::Peer;
use interprocess::local_socket::tokio::{Listener, Stream};
use interprocess::local_socket::traits::StreamCommon as _;
use interprocess::local_socket::{GenericNamespaced, ListenerOptions, Name, ToNsName as _};
use interprocess::os::windows::local_socket::ListenerOptionsExt as _;
use interprocess::os::windows::security_descriptor::AsSecurityDescriptorExt as _;
use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};
use tokio::sync::Notify;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, FALSE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, CreateDirectoryW, FILE_FLAG_BACKUP_SEMANTICS,
    GetFileInformationByHandle,
};

use super::imp::{check, process::Process, token, wide};

/// The service control manager, which has no console, asks the daemon to end.
static TOLD_TO_END: Notify = Notify::const_new();

/// What the system asks of the daemon by a console event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Ctrl-C, Ctrl-Break, the console closes, or the service control manager says stop.
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
            () = TOLD_TO_END.notified() => Request::Shutdown,
        }
    }
}

/// Asks the daemon in this process to end in order.
pub(super) fn tell_to_end() {
    TOLD_TO_END.notify_one();
}

/// True for the system itself and for administrators who have said that they are at work.
#[must_use]
pub fn is_root() -> bool {
    token::is_elevated()
}

/// The daemon's user as a word for names.
#[must_use]
pub fn current_user() -> String {
    token::account().unwrap_or_else(|_| std::env::var("USERNAME").unwrap_or_default())
}

/// Makes a folder and those above it, which only its owner, administrators and the system may
/// change; a private one opens to nobody else. The usual place for a machine's data is open to all.
///
/// # Errors
/// What the system says.
pub fn create_folder(folder: &Path, is_private: bool) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
        create_folder(above, false)?;
    }
    let rights = token::only_ours(!is_private)?;
    let mut attributes = SECURITY_ATTRIBUTES { bInheritHandle: FALSE, ..Default::default() };
    attributes.nLength = size_of_val(&attributes) as u32;
    rights.write_to_security_attributes(&mut attributes);
    let path = wide(folder.as_os_str());
    // SAFETY: the path ends in zero, and what the attributes point to outlives the call.
    match check(unsafe { CreateDirectoryW(path.as_ptr(), &attributes) }) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

/// The name of the control pipe.
///
/// # Errors
/// When the name is no pipe's.
pub fn socket_name(path: &Path) -> io::Result<Name<'_>> {
    path.as_os_str().to_ns_name::<GenericNamespaced>()
}

/// Makes the control pipe, which only the daemon's own account, administrators and the system may
/// open. Nobody's pipe of that name is taken over: the first to make it has it.
///
/// # Errors
/// What the system says.
pub fn listen(path: &Path) -> io::Result<Listener> {
    let options = ListenerOptions::new().name(socket_name(path)?);
    options.security_descriptor(token::only_ours(false)?).create_tokio()
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

/// Makes the folder's entries safe. Not every file system can; NTFS keeps them whole by itself.
///
/// # Errors
/// None: what can't be synced is as safe as it gets.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
    let _ = options.open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Opens a log of ours for appending.
///
/// # Errors
/// What the system says.
pub fn open_log(file: &Path) -> io::Result<OwnedHandle> {
    Ok(OpenOptions::new().append(true).create(true).open(file)?.into())
}

/// Opens a file for reading, or a folder, whose kind then tells what it is.
///
/// # Errors
/// What the system says.
pub fn open_to_read(file: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(file)
}

/// True when the path leads to that open file.
#[must_use]
pub fn is_same_file(file: &File, path: &Path) -> bool {
    let found = open_to_read(path).and_then(|found| identity(&found));
    matches!((identity(file), found), (Ok(open), Ok(found)) if open == found)
}

/// The volume, and the file's number there.
fn identity(file: &File) -> io::Result<(u32, u64)> {
    let facts = facts(file)?;
    let number = u64::from(facts.nFileIndexHigh) << 32 | u64::from(facts.nFileIndexLow);
    Ok((facts.dwVolumeSerialNumber, number))
}

/// What the file system knows of an open file.
pub(super) fn facts(file: &File) -> io::Result<BY_HANDLE_FILE_INFORMATION> {
    let mut facts = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open and the place is live.
    check(unsafe { GetFileInformationByHandle(file.as_raw_handle(), &mut facts) })?;
    Ok(facts)
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

/// What the file system calls an open file, whatever its path is.
///
/// # Errors
/// What the system says.
pub fn file_number(file: &File) -> io::Result<u64> {
    identity(file).map(|(_, number)| number)
}

/// Some living process has that number.
#[must_use]
pub fn is_process(pid: u32) -> bool {
    match Process::open(pid) {
        Some(process) => process.is_alive(),
        // One that may not be opened is alive as well.
        None => io::Error::last_os_error().raw_os_error() != Some(ERROR_INVALID_PARAMETER as i32),
    }
}

/// Does what this program was started for, if that is to ask other processes to end.
#[must_use]
pub fn errand() -> Option<std::process::ExitCode> {
    super::imp::errand()
}
