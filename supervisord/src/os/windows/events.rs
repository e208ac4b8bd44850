//! The event log, for what is to be seen before the daemon's own log exists.

use std::io;
use std::ptr;

use windows_sys::Win32::{
    Foundation::ERROR_SUCCESS,
    System::{
        EventLog::{
            DeregisterEventSource, EVENTLOG_ERROR_TYPE, RegisterEventSourceW, ReportEventW,
        },
        Registry::{HKEY_LOCAL_MACHINE, REG_EXPAND_SZ, RegDeleteTreeW, RegSetKeyValueW},
    },
};

use super::wide;

/// A file of Windows' own whose messages are nothing but the text that is reported.
const MESSAGES: &str = r"%SystemRoot%\System32\EventCreate.exe";

/// Any number that file knows.
const EVENT: u32 = 1;

fn key(source: &str) -> Vec<u16> {
    let path = format!(r"SYSTEM\CurrentControlSet\Services\EventLog\Application\{source}");
    wide(path.as_ref())
}

/// Lets the event log show what that source reports.
pub(in crate::os) fn register(source: &str) -> io::Result<()> {
    let (key, name, value) =
        (key(source), wide("EventMessageFile".as_ref()), wide(MESSAGES.as_ref()));
    let size = size_of_val(value.as_slice()) as u32;
    let data = value.as_ptr().cast();
    // SAFETY: text ends in zero, and the value is as long as it is said to be.
    done(unsafe {
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, key.as_ptr(), name.as_ptr(), REG_EXPAND_SZ, data, size)
    })
}

/// Undoes that.
pub(in crate::os) fn forget(source: &str) -> io::Result<()> {
    // SAFETY: the path ends in zero.
    done(unsafe { RegDeleteTreeW(HKEY_LOCAL_MACHINE, key(source).as_ptr()) })
}

/// Reports a failure.
pub(in crate::os) fn report(source: &str, text: &str) {
    let (source, text) = (wide(source.as_ref()), wide(text.as_ref()));
    let texts = [text.as_ptr()];
    // SAFETY: text ends in zero; the source is given back once. It fails where there is no log.
    unsafe {
        let log = RegisterEventSourceW(ptr::null(), source.as_ptr());
        if !log.is_null() {
            let (none, kind) = (ptr::null_mut(), EVENTLOG_ERROR_TYPE);
            ReportEventW(log, kind, 0, EVENT, none, 1, 0, texts.as_ptr(), ptr::null());
            DeregisterEventSource(log);
        }
    }
}

fn done(result: u32) -> io::Result<()> {
    match result {
        ERROR_SUCCESS => Ok(()),
        code => Err(io::Error::from_raw_os_error(code.cast_signed())),
    }
}
