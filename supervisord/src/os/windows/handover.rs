//! From one program of the daemon to the next: Windows can't put another into the same process, so
//! the next is started, waits for the end of this one, and finds its services as after a crash.
//!
//! The handle of the one before is all that is handed over; with its end go the lock and the pipe.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, PipeReader, Read as _};
use std::os::windows::io::{BorrowedHandle, OwnedHandle};
use std::os::windows::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::System::Console::{
    GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
};
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW};

use super::imp::process::Process;
use super::own::is_same_file;
use super::service::is_service;

/// Names the process that is to end first, and when that was made.
const VARIABLE: &str = "SUPERVISORD_HANDOVER";

/// Exit code of a service that wants to be started again.
const AGAIN: i32 = 1;

/// What the program before this one left open: never anything here.
#[derive(Debug)]
pub struct Handover {
    /// The lock.
    pub lock: OwnedHandle,
    /// The pipe.
    pub socket: OwnedHandle,
    /// The sockets of services, and the pipes of their logs.
    pub handles: Vec<OwnedHandle>,
}

impl Handover {
    /// Waits for the end of the program before this one, and takes nothing over.
    #[must_use]
    pub fn take() -> Option<Self> {
        let value = std::env::var(VARIABLE).ok()?;
        // SAFETY: there are no threads yet, so nobody reads the environment meanwhile.
        unsafe { std::env::remove_var(VARIABLE) };
        let (pid, made) = value.split_once(' ')?;
        let process = Process::open(pid.parse().ok()?)?;
        if process.created() == made.parse().ok() {
            process.wait();
        }
        None
    }
}

/// Starts the next program and ends this one. Returns only when it can't.
///
/// A service is started again by the service control manager, and only as it is registered there.
pub fn become_daemon(
    program: &Path,
    arguments: &[OsString],
    _lent: &[BorrowedHandle<'_>],
) -> io::Error {
    match start(program, arguments) {
        Ok(code) => end(code),
        Err(error) => error,
    }
}

fn start(program: &Path, arguments: &[OsString]) -> io::Result<i32> {
    if is_service() {
        let own = std::env::current_exe()?;
        if is_same_file(&File::open(&own)?, program) {
            return Ok(AGAIN);
        }
        let own = own.display();
        return Err(io::Error::other(format!(
            "Windows starts {own} as its service, and no other program; rename that file, put the \
             new program in its place, and upgrade without naming one"
        )));
    }
    let itself = Process::open(std::process::id()).ok_or_else(io::Error::last_os_error)?;
    let made = itself.created().ok_or_else(io::Error::last_os_error)?;
    let mut next = Command::new(program);
    next.args(arguments).env(VARIABLE, format!("{} {made}", std::process::id()));
    detach(next.stdin(Stdio::null())).spawn()?;
    Ok(0)
}

/// Has a program started without a console, and beyond the reach of ours. From now on no child
/// inherits our own streams, which whoever reads them would take for our still being there.
pub fn detach(command: &mut Command) -> &mut Command {
    for stream in [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
        // SAFETY: takes numbers; a stream that is none is refused, which is fine.
        unsafe { SetHandleInformation(GetStdHandle(stream), HANDLE_FLAG_INHERIT, 0) };
    }
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP)
}

#[expect(clippy::disallowed_methods, reason = "the next program waits for just that")]
fn end(code: i32) -> ! {
    std::process::exit(code)
}

/// What a program that has ended wrote into a pipe.
#[must_use]
pub fn read_what_is_there(pipe: PipeReader) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = pipe.take(4096).read_to_end(&mut bytes);
    bytes
}
