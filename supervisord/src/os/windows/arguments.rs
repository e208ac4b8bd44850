//! One command line out of many arguments, by the rules of Microsoft's C runtime, or of `cmd.exe`.

use std::{
    ffi::{OsStr, OsString},
    os::windows::ffi::OsStrExt,
};

const BLANK: u16 = b' ' as u16;
const TAB: u16 = b'\t' as u16;
const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;

/// What `cmd.exe` does not take as it is, even between quotes.
const UNSAFE: [u16; 4] = [QUOTE, b'%' as u16, b'\r' as u16, b'\n' as u16];

/// The command line that a program takes apart into these arguments again, ended by zero.
pub(in crate::os) fn command_line(arguments: &[OsString]) -> Vec<u16> {
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

/// The command line that makes `cmd.exe` run a batch file with these arguments; refused when one
/// holds what quotes don't keep from its meaning there.
pub(super) fn batch_line(file: &OsStr, arguments: &[OsString]) -> Result<Vec<u16>, &'static str> {
    let mut line: Vec<u16> = "cmd.exe /d /e:on /v:off /s /c \"".encode_utf16().collect();
    for (index, argument) in std::iter::once(file).chain(arguments.iter().map(|a| &**a)).enumerate()
    {
        if argument.encode_wide().any(|unit| UNSAFE.contains(&unit)) {
            return Err("cmd.exe would not take an argument of a batch file as it is: \
                        it holds a quote, a percent sign or a line break");
        }
        if 0 < index {
            line.push(BLANK);
        }
        line.push(QUOTE);
        line.extend(argument.encode_wide());
        // Else the program that the batch file hands it to would take the quote for a letter.
        let backslashes = argument.encode_wide().collect::<Vec<_>>();
        let backslashes = backslashes.iter().rev().take_while(|unit| **unit == BACKSLASH).count();
        line.extend(std::iter::repeat_n(BACKSLASH, backslashes));
        line.push(QUOTE);
    }
    line.extend([QUOTE, 0]);
    Ok(line)
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

    #[test]
    fn a_batch_file_gets_only_what_the_shell_leaves_alone() {
        let line = |arguments: &[&str]| {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            let line = batch_line(OsStr::new(r"C:\a b.cmd"), &arguments);
            line.map(|line| String::from_utf16_lossy(&line[..line.len() - 1]))
        };
        assert_eq!(
            line(&["x&calc", r"C:\"]).as_deref(),
            Ok(r#"cmd.exe /d /e:on /v:off /s /c ""C:\a b.cmd" "x&calc" "C:\\"""#)
        );
        for hostile in ["\"&calc&\"", "%PATH%", "a\nb"] {
            assert!(line(&[hostile]).is_err(), "{hostile}");
        }
    }
}
