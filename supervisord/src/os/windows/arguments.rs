//! One command line out of many arguments, by the rules of Microsoft's C runtime.

use std::{
    ffi::{OsStr, OsString},
    os::windows::ffi::OsStrExt,
};

const BLANK: u16 = b' ' as u16;
const TAB: u16 = b'\t' as u16;
const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;

/// The command line that a program takes apart into these arguments again, ended by zero.
pub(super) fn command_line(arguments: &[OsString]) -> Vec<u16> {
    let mut line = Vec::with_capacity(256);
    for (index, argument) in arguments.iter().enumerate() {
        if 0 < index {
            line.push(BLANK);
        }
        append(&mut line, argument);
    }
    line.push(0);
    line
}

/// Backslashes count as themselves but before a quote, where each is doubled.
fn append(line: &mut Vec<u16>, argument: &OsStr) {
    let is_plain = !argument.is_empty()
        && argument.encode_wide().all(|unit| ![BLANK, TAB, QUOTE].contains(&unit));
    if is_plain {
        return line.extend(argument.encode_wide());
    }
    line.push(QUOTE);
    let mut backslashes = 0;
    for unit in argument.encode_wide() {
        if unit == QUOTE {
            line.extend(std::iter::repeat_n(BACKSLASH, backslashes + 1));
        }
        backslashes = if unit == BACKSLASH { backslashes + 1 } else { 0 };
        line.push(unit);
    }
    line.extend(std::iter::repeat_n(BACKSLASH, backslashes));
    line.push(QUOTE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arguments: &[&str], expected: &str) {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let line = command_line(&arguments);
        assert_eq!(String::from_utf16_lossy(&line[..line.len() - 1]), expected);
    }

    #[test]
    fn arguments_are_quoted_as_the_c_runtime_reads_them() {
        check(&["a", "b c", ""], r#"a "b c" """#);
        check(&[r"C:\a b\", r"C:\a\"], r#""C:\a b\\" C:\a\"#);
        check(&[r#"say "hi""#, r#"\""#], r#""say \"hi\"" "\\\"""#);
    }
}
