//! Windows: processes made suspended, each tree a job object, ends told by the thread pool.
//!
//! What there is none of here is said where it is asked for: other accounts, root directories.

mod arguments;
mod ask;
mod block;
mod boot;
mod create;
pub(in crate::os) mod events;
mod glob;
mod limits;
mod members;
mod nursery;
mod priority;
pub(in crate::os) mod process;
mod processes;
mod program;
pub(in crate::os) mod service;
mod signals;
mod startup;
mod streams;
pub(in crate::os) mod token;
mod tree;
pub mod user;

use std::{io, path::Path};

use windows_sys::Win32::System::SystemInformation::{
    ComputerNamePhysicalDnsHostname, GetComputerNameExW,
};

pub use self::processes::Processes;
pub(super) use self::{
    arguments::command_line,
    ask::errand,
    boot::boot,
    nursery::{Nursery, Slot},
    process::Child,
    signals::{SIGNALS, SIGNALS_MAX},
};
use super::Options;

/// What all spawner threads share.
pub(super) struct Workshop {
    domain: String,
}

impl Workshop {
    fn new(options: &Options) -> Self {
        Self { domain: options.domain.clone() }
    }
}

/// The name of this host, as far as it is text.
pub fn host_name() -> String {
    let mut name = [0_u16; 256];
    let mut length = name.len() as u32;
    // SAFETY: buffer and length are live.
    let got = unsafe {
        GetComputerNameExW(ComputerNamePhysicalDnsHostname, name.as_mut_ptr(), &mut length)
    };
    let length = if got == 0 { 0 } else { length as usize };
    String::from_utf16_lossy(&name[..length.min(name.len())])
}

/// What a process calls itself: the name of its program.
pub(super) fn program_name(pid: u32) -> Option<String> {
    let image = process::Process::open(pid)?.image()?;
    Some(Path::new(&image).file_stem()?.to_string_lossy().into_owned())
}

/// The error number tells of what comes back by itself: memory, handles, room on the disk.
pub(super) fn is_passing(error: i32) -> bool {
    use windows_sys::Win32::Foundation as known;
    let passing = [
        known::ERROR_COMMITMENT_LIMIT,
        known::ERROR_DISK_FULL,
        known::ERROR_NO_SYSTEM_RESOURCES,
        known::ERROR_NOT_ENOUGH_MEMORY,
        known::ERROR_OUTOFMEMORY,
        known::ERROR_TOO_MANY_OPEN_FILES,
    ];
    passing.contains(&error.cast_unsigned())
}

/// The result of a call that tells failure by zero.
pub(in crate::os) fn check(result: i32) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Text as the system's wide calls take it.
pub(in crate::os) fn wide(text: &std::ffi::OsStr) -> Vec<u16> {
    use std::os::windows::ffi::OsStrExt;
    text.encode_wide().chain([0]).collect()
}
