//! A name for the time since the user's registry was loaded, which is at boot or at log-on: with it
//! all processes of that time are gone.

use std::ptr;

use windows_sys::Win32::{
    Foundation::{ERROR_SUCCESS, FILETIME},
    System::Registry::{
        HKEY, HKEY_CURRENT_USER, KEY_QUERY_VALUE, REG_OPTION_VOLATILE, RegCloseKey,
        RegCreateKeyExW, RegQueryInfoKeyW,
    },
};

use super::wide;

/// Kept in memory alone, so that it goes with what it names; nothing is ever written below it.
const KEY: &str = r"Software\supervisord since log-on";

/// The name: when the key was made, which is by whoever asked first.
pub(in crate::os) fn boot() -> Option<String> {
    let path = wide(KEY.as_ref());
    let mut key: HKEY = ptr::null_mut();
    // SAFETY: the path ends in zero, and the place for the key is live.
    let made = unsafe {
        RegCreateKeyExW(
            HKEY_CURRENT_USER,
            path.as_ptr(),
            0,
            ptr::null(),
            REG_OPTION_VOLATILE,
            KEY_QUERY_VALUE,
            ptr::null(),
            &mut key,
            ptr::null_mut(),
        )
    };
    if made != ERROR_SUCCESS {
        log::warn!("cannot tell one boot from another: registry error {made}");
        return None;
    }
    let mut written = FILETIME::default();
    let none = ptr::null_mut();
    // SAFETY: the key was just opened, and is closed once; the place for the time is live, and
    // nothing else is asked.
    let asked = unsafe {
        let (text, count) = (ptr::null_mut(), none);
        let asked = RegQueryInfoKeyW(
            key,
            text,
            count,
            none.cast(),
            count,
            count,
            count,
            count,
            count,
            count,
            count,
            &mut written,
        );
        RegCloseKey(key);
        asked
    };
    let (high, low) = (written.dwHighDateTime, written.dwLowDateTime);
    (asked == ERROR_SUCCESS).then(|| format!("{high:08x}{low:08x}"))
}
