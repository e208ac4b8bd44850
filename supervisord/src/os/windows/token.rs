//! Who the daemon is, as Windows knows it, and what only that account and administrators may open.

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr, slice,
};

use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use widestring::U16CString;
use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::{
        Authorization::ConvertSidToStringSidW, GetTokenInformation, TOKEN_DUPLICATE,
        TOKEN_ELEVATION, TOKEN_QUERY, TOKEN_USER, TokenElevation, TokenUser,
    },
    System::Threading::{GetCurrentProcess, OpenProcessToken},
};

use super::check;

/// Room for an account's number with all its parts, in words so that it is aligned.
const USER_MAX: usize = 32;

/// The token of this process.
pub(in crate::os) fn own() -> io::Result<OwnedHandle> {
    let mut token = ptr::null_mut();
    // SAFETY: the place is live.
    check(unsafe {
        OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &mut token)
    })?;
    // SAFETY: just made, and nobody else knows it.
    Ok(unsafe { OwnedHandle::from_raw_handle(token) })
}

/// Runs as an administrator with all rights, or as the system itself.
pub(in crate::os) fn is_elevated() -> bool {
    let mut elevation = TOKEN_ELEVATION::default();
    let (size, mut got) = (size_of_val(&elevation) as u32, 0);
    let asked = own().and_then(|token| {
        let place = (&raw mut elevation).cast();
        // SAFETY: the structure is live and of that size.
        check(unsafe {
            GetTokenInformation(token.as_raw_handle(), TokenElevation, place, size, &mut got)
        })
    });
    asked.is_ok() && elevation.TokenIsElevated != 0
}

/// The account's number, as `S-1-5-18`.
pub(in crate::os) fn account() -> io::Result<String> {
    let token = own()?;
    let (mut user, mut got) = ([0_usize; USER_MAX], 0);
    let mut text = ptr::null_mut();
    // SAFETY: the buffer is live, aligned and of that size; what it points to lies in it.
    unsafe {
        let (place, size) = (user.as_mut_ptr().cast(), size_of_val(&user) as u32);
        check(GetTokenInformation(token.as_raw_handle(), TokenUser, place, size, &mut got))?;
        let user: *const TOKEN_USER = user.as_ptr().cast();
        check(ConvertSidToStringSidW((*user).User.Sid, &mut text))?;
    }
    // SAFETY: the system made the text, which ends in zero; it is freed once, after it was copied.
    unsafe {
        let length = (0..).take_while(|at| *text.add(*at) != 0).count();
        let number = String::from_utf16_lossy(slice::from_raw_parts(text, length));
        LocalFree(text.cast());
        Ok(number)
    }
}

/// Lets the account, administrators and the system do everything and nobody else anything; folders
/// hand that on to what is in them. Readable ones may be read by all users.
pub(in crate::os) fn only_ours(is_readable: bool) -> io::Result<SecurityDescriptor> {
    let account = account()?;
    let readers = if is_readable { "(A;OICI;GRGX;;;BU)" } else { "" };
    let rights = format!("D:P(A;OICI;GA;;;SY)(A;OICI;GA;;;BA)(A;OICI;GA;;;{account}){readers}");
    let rights = U16CString::from_str(rights).map_err(io::Error::other)?;
    SecurityDescriptor::deserialize(&rights)
}
