//! Reads what puppets wrote down about themselves.

use std::path::Path;

/// One line of a puppet's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Monotonic nanoseconds.
    pub at: u128,
    /// Who wrote it.
    pub pid: u32,
    /// Whose child that was then.
    pub parent: u32,
    /// What happened, like `start main`.
    pub event: String,
}

/// All notes of a log, in the order written; none when there is no such file yet.
///
/// # Panics
/// When a line is not a puppet's.
#[must_use]
#[track_caller]
pub fn journal(path: &Path) -> Vec<Note> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .map(|line| note(line).unwrap_or_else(|| panic!("not a puppet's line: {line:?}")))
        .collect()
}

fn note(line: &str) -> Option<Note> {
    let mut words = line.splitn(4, ' ');
    Some(Note {
        at: words.next()?.parse().ok()?,
        pid: words.next()?.parse().ok()?,
        parent: words.next()?.parse().ok()?,
        event: words.next()?.to_owned(),
    })
}
