//! What a process finds in its environment before its definition adds to it.

use std::ffi::OsStr;

use crate::os::Environment;

/// The file that swallows what is written to it.
pub const NULL: &str = "NUL";

/// The daemon's own: programs do not run without much of it, as `SystemRoot` and `Path`.
#[must_use]
pub fn base_environment(_has_account: bool) -> Environment {
    std::env::vars_os().collect()
}

/// Two names mean the same variable.
#[must_use]
pub fn is_same_variable(known: &OsStr, name: &str) -> bool {
    known.eq_ignore_ascii_case(name)
}
