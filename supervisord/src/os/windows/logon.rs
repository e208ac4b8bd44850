//! What is started when a user logs on: a value in the registry, which wants no administrator.

use std::io;
use std::os::windows::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_SUCCESS};
use windows_sys::Win32::System::Registry::{
    HKEY_CURRENT_USER, REG_SZ, RRF_RT_REG_SZ, RegDeleteKeyValueW, RegGetValueW, RegSetKeyValueW,
};

use super::{Change, Entry};
use crate::os::detach;
use crate::os::imp::{command_line, wide};

/// Where the user's programs are written down.
const KEY: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";

pub(super) fn perform(change: &Change) -> Result<(), String> {
    match change {
        Change::Register(entry) => set(&entry.name, &command(entry)).map_err(|e| e.to_string()),
        Change::Start { command, .. } => start(command),
        Change::Delete(name) => {
            let (key, name) = (wide(KEY.as_ref()), wide(name.as_ref()));
            // SAFETY: text ends in zero.
            let deleted =
                unsafe { RegDeleteKeyValueW(HKEY_CURRENT_USER, key.as_ptr(), name.as_ptr()) };
            done(deleted).map_err(|error| error.to_string())
        }
    }
}

/// The command that is written down under that name.
///
/// # Errors
/// What the registry says.
pub fn find(name: &str) -> Result<Option<String>, String> {
    let (key, name) = (wide(KEY.as_ref()), wide(name.as_ref()));
    // More than a command may have.
    let mut text = vec![0_u16; 32 * 1024];
    let mut size = size_of_val(text.as_slice()) as u32;
    // SAFETY: text ends in zero, and the room is as large as it is said to be.
    let got = unsafe {
        let (flags, kind, text) = (RRF_RT_REG_SZ, ptr::null_mut(), text.as_mut_ptr().cast());
        let (key, name) = (key.as_ptr(), name.as_ptr());
        RegGetValueW(HKEY_CURRENT_USER, key, name, flags, kind, text, &mut size)
    };
    match got {
        ERROR_FILE_NOT_FOUND => Ok(None),
        got => {
            done(got).map_err(|error| error.to_string())?;
            let end = text.iter().position(|unit| *unit == 0).unwrap_or(text.len());
            Ok(Some(String::from_utf16_lossy(&text[..end])))
        }
    }
}

/// The command of an entry.
#[must_use]
pub fn command(entry: &Entry) -> String {
    let mut words = vec![entry.program.clone().into_os_string()];
    words.extend(entry.arguments.iter().cloned());
    String::from_utf16_lossy(&command_line(&words)).trim_end_matches('\0').to_owned()
}

fn set(name: &str, command: &str) -> io::Result<()> {
    let (key, name, value) = (wide(KEY.as_ref()), wide(name.as_ref()), wide(command.as_ref()));
    let (size, data) = (size_of_val(value.as_slice()) as u32, value.as_ptr().cast());
    // SAFETY: text ends in zero, and the value is as long as it is said to be.
    done(unsafe {
        RegSetKeyValueW(HKEY_CURRENT_USER, key.as_ptr(), name.as_ptr(), REG_SZ, data, size)
    })
}

/// Starts what goes to the background by itself, and says when it is there.
fn start(command: &str) -> Result<(), String> {
    let (program, rest) = match command.strip_prefix('"').map(|quoted| quoted.split_once('"')) {
        Some(Some(parts)) => parts,
        Some(None) | None => command.split_once(' ').unwrap_or((command, "")),
    };
    let mut command = Command::new(program);
    command.raw_arg(rest.trim_start()).stdin(Stdio::null());
    let output = detach(&mut command).output().map_err(|cause| format!("{program}: {cause}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

fn done(result: u32) -> io::Result<()> {
    match result {
        ERROR_SUCCESS => Ok(()),
        code => Err(io::Error::from_raw_os_error(code.cast_signed())),
    }
}
