//! What a process finds in its environment before its definition adds to it.

use std::ffi::{OsStr, OsString};

use crate::os::Environment;

/// The file that swallows what is written to it.
pub const NULL: &str = "/dev/null";

/// Where programs are looked for, unless the definition sets `PATH`.
const PATH: &str = "/usr/local/bin:/usr/local/sbin:/usr/bin:/bin:/usr/sbin:/sbin";

/// Taken over from the daemon, where it has them.
const KEPT: &[&str] = &["LANG", "LC_ALL", "TZ", "TMPDIR"];

/// Whose process it is; a process under another account gets that account's instead.
const PERSONAL: &[&str] =
    &["HOME", "USER", "LOGNAME", "SHELL", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"];

/// The environment before the definition's own variables.
#[must_use]
pub fn base_environment(has_account: bool) -> Environment {
    let personal = if has_account { &[] } else { PERSONAL };
    let kept = KEPT.iter().chain(personal);
    let kept = kept.filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
    std::iter::once((OsString::from("PATH"), OsString::from(PATH))).chain(kept).collect()
}

/// Two names mean the same variable.
#[must_use]
pub fn is_same_variable(known: &OsStr, name: &str) -> bool {
    known == name
}
