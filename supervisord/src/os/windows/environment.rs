//! What a process finds in its environment before its definition adds to it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::ffi::OsStringExt as _;
use std::os::windows::io::AsRawHandle as _;
use std::ptr;
use std::slice;

use windows_sys::Win32::System::Environment::{CreateEnvironmentBlock, DestroyEnvironmentBlock};

use super::imp::{check, token};
use crate::os::Environment;

/// The file that swallows what is written to it.
pub const NULL: &str = "NUL";

/// What Windows gives whoever logs on as the daemon's account, and nothing of the shell that
/// started the daemon.
#[must_use]
pub fn base_environment(_has_account: bool) -> Environment {
    made().unwrap_or_else(|error| {
        log::warn!("cannot make an environment, using the daemon's own: {error}");
        std::env::vars_os().collect()
    })
}

fn made() -> io::Result<Environment> {
    let token = token::own()?;
    let mut block = ptr::null_mut();
    // SAFETY: the place is live and the token open; nothing of our own environment is asked for.
    check(unsafe { CreateEnvironmentBlock(&mut block, token.as_raw_handle(), 0) })?;
    // SAFETY: the system made the block, which ends in an empty text; it is given back once.
    let environment = unsafe {
        let environment = read(block.cast());
        DestroyEnvironmentBlock(block);
        environment
    };
    Ok(environment)
}

/// The names and values of a block: texts that end in zero each, the last of them empty.
///
/// # Safety
/// It must be such a block.
unsafe fn read(mut next: *const u16) -> Environment {
    let mut environment = Environment::new();
    loop {
        // SAFETY: there is a text here, ended by zero, and another one after it unless it is empty.
        let text = unsafe {
            let length = (0..).take_while(|at| *next.add(*at) != 0).count();
            let text = slice::from_raw_parts(next, length);
            next = next.add(length + 1);
            text
        };
        if text.is_empty() {
            return environment;
        }
        // A name may begin with an equals sign: the system's own do.
        let at = text.iter().skip(1).position(|unit| *unit == u16::from(b'='));
        if let Some(at) = at {
            let (name, value) = (&text[..=at], &text[at + 2..]);
            environment.push((OsString::from_wide(name), OsString::from_wide(value)));
        }
    }
}

/// Two names mean the same variable.
#[must_use]
pub fn is_same_variable(known: &OsStr, name: &str) -> bool {
    known.eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use std::os::windows::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn a_block_is_names_and_values() {
        let block: Vec<u16> =
            OsStr::new("=C:=C:\\\0Path=a;b=c\0Empty=\0\0").encode_wide().collect();
        // SAFETY: that is such a block.
        let read = unsafe { read(block.as_ptr()) };
        let expected = [("=C:", "C:\\"), ("Path", "a;b=c"), ("Empty", "")];
        assert_eq!(read, expected.map(|(name, value)| (name.into(), value.into())));
    }
}
