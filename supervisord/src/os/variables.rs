//! Variables from files of `NAME=value` lines, read anew at every start on the thread that starts.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::{Environment, Launch, SpawnError, Stage, is_same_variable};

/// More than any such file has any use for.
const SIZE_MAX: u64 = 1024 * 1024;

/// Completes the environment of a launch: what it finds everywhere, then the files in their order,
/// then what is said for it alone; of the same name the last wins.
pub(super) fn complete(launch: &mut Launch) -> Result<(), SpawnError> {
    let mut all = std::mem::take(&mut launch.base);
    for file in std::mem::take(&mut launch.environment_files) {
        let because = |detail| SpawnError::because(Stage::Read, Some(file.clone().into()), detail);
        let text = read(&file)
            .map_err(|error| SpawnError::from_io(Stage::Read, Some(file.clone().into()), &error))?;
        for (number, line) in (1..).zip(text.lines()) {
            let variable =
                parse(line).map_err(|cause| because(format!("line {number}: {cause}")))?;
            if let Some((name, value)) = variable {
                set(&mut all, name, value);
            }
        }
    }
    for (name, value) in std::mem::take(&mut launch.environment) {
        match name.to_str() {
            Some(name) => set(&mut all, name, value),
            None => all.push((name, value)),
        }
    }
    launch.environment = all;
    Ok(())
}

fn set(environment: &mut Environment, name: &str, value: impl Into<std::ffi::OsString>) {
    environment.retain(|(known, _)| !is_same_variable(known, name));
    environment.push((name.into(), value.into()));
}

fn read(file: &Path) -> io::Result<String> {
    let opened = super::open_to_read(file)?;
    let refuse = |words: &str| Err(io::Error::new(io::ErrorKind::InvalidData, words));
    if !opened.metadata()?.is_file() {
        return refuse("it is not a regular file");
    }
    let bytes = bounded(opened)?;
    if SIZE_MAX < bytes.len() as u64 {
        return refuse("it is larger than 1 MiB");
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.trim_start_matches('\u{feff}').to_owned()),
        Err(_) => refuse("it is not UTF-8"),
    }
}

fn bounded(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(SIZE_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The variable of a line; none of a blank one and of a comment.
fn parse(line: &str) -> Result<Option<(&str, String)>, &'static str> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let line = line.strip_prefix("export ").unwrap_or(line);
    let Some((name, value)) = line.split_once('=') else { return Err("it is not NAME=value") };
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err("it is not NAME=value");
    }
    let inner = |quote: char| value.strip_prefix(quote).map(|rest| rest.strip_suffix(quote));
    let value = match (inner('\''), inner('"')) {
        (Some(Some(inner)), _) => inner.to_owned(),
        (_, Some(Some(inner))) => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
        (Some(None), _) | (_, Some(None)) => return Err("its quote is not closed"),
        (None, None) => value.to_owned(),
    };
    Ok(Some((name, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_plainly() {
        for (line, name, value) in [
            ("A=1", "A", "1"),
            (" export  A = b c ", "A", "b c"),
            ("A=", "A", ""),
            ("A='b \" c'", "A", "b \" c"),
            ("A=\"b ' \\\" \\\\ \\n $HOME\"", "A", "b ' \" \\ \\n $HOME"),
            ("A=b=c # d", "A", "b=c # d"),
            ("a.b-c=~/x", "a.b-c", "~/x"),
        ] {
            assert_eq!(parse(line), Ok(Some((name, value.to_owned()))), "{line}");
        }
        for line in ["", "  ", "# A=1", "\t#"] {
            assert_eq!(parse(line), Ok(None), "{line}");
        }
    }

    #[test]
    fn what_is_no_variable_is_refused() {
        for line in ["A", "=1", "A B=1", "A='b", "A=\"", "A=\"b'"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn what_is_said_later_wins() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let pair = |(name, value): &(&str, &str)| ((*name).into(), (*value).into());
        let mut launch = Launch::new("web", "web");
        launch.base = [("PATH", "/bin"), ("A", "base"), ("B", "base")].iter().map(pair).collect();
        launch.environment = [("C", "own"), ("E", "own")].iter().map(pair).collect();
        launch.environment_files =
            vec![file("1", "\u{feff}A=1\r\nC=1\nD=1\n"), file("2", "D=2\nE=2")];
        complete(&mut launch).unwrap();
        launch.environment.sort();
        let all =
            [("A", "1"), ("B", "base"), ("C", "own"), ("D", "2"), ("E", "own"), ("PATH", "/bin")];
        assert_eq!(launch.environment, all.iter().map(pair).collect::<Environment>());
    }

    #[test]
    fn what_can_not_be_read_is_told_with_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let bad = folder.path().join("bad");
        std::fs::write(&bad, "A=1\n\noops\n").unwrap();
        let huge = folder.path().join("huge");
        File::create(&huge).unwrap().set_len(SIZE_MAX + 1).unwrap();
        for (file, words) in [
            (bad, "line 3: it is not NAME=value"),
            (huge, "it is larger than 1 MiB"),
            (folder.path().to_owned(), "it is not a regular file"),
        ] {
            let mut launch = Launch::new("web", "web");
            launch.environment_files = vec![file.clone()];
            let error = complete(&mut launch).unwrap_err();
            assert_eq!(error.to_string(), format!("read {}: {words}", file.display()));
        }
    }
}
