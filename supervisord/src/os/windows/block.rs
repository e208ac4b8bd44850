//! The environment block: sorted, each name once whatever its case, ended by an empty string.

use std::{collections::BTreeMap, ffi::OsStr, os::windows::ffi::OsStrExt};

use crate::os::Environment;

/// The block for a process; a later value of a name replaces an earlier one.
pub(super) fn block(environment: &Environment, marks: &[(&str, &str)]) -> Vec<u16> {
    let own = environment.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()));
    let marks = marks.iter().map(|(name, value)| (OsStr::new(name), OsStr::new(value)));
    let mut sorted = BTreeMap::new();
    for (name, value) in own.chain(marks) {
        sorted.insert(name.to_ascii_uppercase(), (name, value));
    }
    let mut block = Vec::with_capacity(4096);
    for (name, value) in sorted.into_values() {
        block.extend(name.encode_wide());
        block.push(u16::from(b'='));
        block.extend(value.encode_wide());
        block.push(0);
    }
    if block.is_empty() {
        block.push(0);
    }
    block.push(0);
    block
}
