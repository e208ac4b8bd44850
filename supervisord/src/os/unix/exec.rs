//! Which file is executed, and why it could not be.

use std::{
    ffi::{CString, OsStr, OsString},
    fs::File,
    io::Read,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::plan::path;
use crate::os::{Environment, Launch, SpawnError, Stage, error::words};

/// Where a program without a slash is searched when the service's environment has no PATH.
const PATH_DEFAULT: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// The files to try, best first; the child tries them, since a root directory or a user may differ.
pub(super) fn candidates(
    program: &Path,
    environment: &Environment,
) -> Result<Vec<CString>, SpawnError> {
    if program.as_os_str().is_empty() {
        let detail = String::from("the program has no name");
        return Err(SpawnError::because(Stage::Exec, None, detail));
    }
    if program.as_os_str().as_bytes().contains(&b'/') {
        return Ok(vec![path(program)?]);
    }
    let directories = search(environment);
    let directories = directories.as_bytes().split(|byte| *byte == b':');
    directories
        .map(|directory| path(&Path::new(OsStr::from_bytes(directory)).join(program)))
        .collect()
}

/// What is known of a failed exec of `tried`, as an error a person can act on.
pub(super) fn explain(launch: &Launch, tried: &OsStr, errno: i32) -> SpawnError {
    let searched = !launch.program.as_os_str().as_bytes().contains(&b'/');
    if searched && errno == libc::ENOENT {
        let detail = format!("not found in PATH ({})", search(&launch.environment).display());
        let mut error = SpawnError::new(Stage::Exec, Some(launch.program.clone().into()), errno);
        error.detail = Some(detail);
        return error;
    }
    let mut error = SpawnError::new(Stage::Exec, Some(tried.to_owned()), errno);
    let seen = outside(launch, Path::new(tried));
    if errno == libc::ENOENT
        && let Some(needed) = needed(&seen)
    {
        error.detail = Some(format!("{needed}: {}", words(errno)));
    }
    if errno == libc::ENOEXEC && head(&seen).is_some_and(|head| !head.starts_with(b"#!")) {
        error.detail =
            Some(format!("{} (a script begins with #! and its interpreter)", words(errno)));
    }
    error
}

fn search(environment: &Environment) -> OsString {
    let path = environment.iter().find(|(name, _)| name == "PATH");
    path.map_or_else(|| PATH_DEFAULT.into(), |(_, value)| value.clone())
}

/// Where the daemon sees a path that the process sees from its own root and directory.
fn outside(launch: &Launch, path: &Path) -> PathBuf {
    let inside = launch.directory.join(path);
    match &launch.root {
        Some(root) => root.join(inside.strip_prefix("/").unwrap_or(&inside)),
        None => inside,
    }
}

/// What an executable that is there needs and cannot find.
fn needed(file: &Path) -> Option<String> {
    let head = head(file)?;
    if let Some(line) = head.strip_prefix(b"#!") {
        let line = line.split(|byte| *byte == b'\n').next()?;
        let words = line.split(|byte| byte.is_ascii_whitespace());
        let interpreter = words.into_iter().find(|word| !word.is_empty())?;
        return Some(format!("interpreter {}", show(interpreter)));
    }
    head.starts_with(b"\x7fELF").then(|| loader(&head)).flatten()
}

/// The dynamic loader an ELF file of the usual kind (64 bits, little-endian) names.
fn loader(head: &[u8]) -> Option<String> {
    const PT_INTERP: u64 = 3;
    let number = |at: usize, bytes: usize| -> Option<u64> {
        let slice = head.get(at..at.checked_add(bytes)?)?;
        Some(slice.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    };
    if head.get(4..6) != Some(&[2, 1]) {
        return None;
    }
    let table = number(32, 8)? as usize;
    let (size, count) = (number(54, 2)? as usize, number(56, 2)? as usize);
    let entry = (0..count)
        .filter_map(|index| table.checked_add(index * size))
        .find(|at| number(*at, 4) == Some(PT_INTERP))?;
    let start = number(entry.checked_add(8)?, 8)? as usize;
    let name = head.get(start..)?.split(|byte| *byte == 0).next()?;
    Some(format!("loader {}", show(name)))
}

fn head(file: &Path) -> Option<Vec<u8>> {
    // Only a regular file is opened: a FIFO would wait for its other end.
    file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let mut head = Vec::with_capacity(4096);
    File::open(file).ok()?.take(4096).read_to_end(&mut head).ok()?;
    Some(head)
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
