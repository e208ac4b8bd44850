//! The puppet's own record: `NANOSECONDS PID PPID EVENT…`, one line an event, appended whole.
//!
//! The family takes turns by a lock on a file beside it, since wine appends in two steps: what two
//! wrote at the same moment it wrote over each other.
//!
//! Another file is locked as long as the main process lives, so that two at once betray
//! themselves by a `double` line.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process;

use crate::arguments::Arguments;

/// Where the puppet writes what happens to it.
pub(crate) struct Journal {
    file: Option<File>,
    turn: Option<File>,
    run: usize,
    _lock: Option<File>,
}

impl Journal {
    /// Opens the log if one was asked for, and counts the runs before this one.
    pub(crate) fn open(arguments: &Arguments) -> Self {
        let Some(path) = &arguments.log else {
            return Self { file: None, turn: None, run: 1, _lock: None };
        };
        let before = std::fs::read_to_string(path).unwrap_or_default();
        let run = 1 + before.lines().filter(|line| line.ends_with(" start main")).count();
        let file = OpenOptions::new().append(true).create(true).open(path).ok();
        let turn = lockable(&path.with_extension("turn"));
        if arguments.role != "main" {
            return Self { file, turn, run, _lock: None };
        }
        let lock = lockable(&path.with_extension("lock"));
        let alone = lock.as_ref().is_none_or(|lock| lock.try_lock().is_ok());
        let journal = Self { file, turn, run, _lock: lock };
        if !alone {
            journal.note("double");
        }
        journal
    }

    /// Which run of the service this is, from 1.
    pub(crate) fn run(&self) -> usize {
        self.run
    }

    /// Appends one line in one write.
    pub(crate) fn note(&self, event: &str) {
        let Some(mut file) = self.file.as_ref() else { return };
        let line = format!("{} {} {} {event}\n", nanoseconds(), process::id(), parent());
        // A full disk must not change what the puppet does, nor a turn that can't be had.
        let _ = self.turn.as_ref().map(File::lock);
        let _ = file.write_all(line.as_bytes());
        let _ = self.turn.as_ref().map(File::unlock);
    }
}

fn lockable(path: &Path) -> Option<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(path).ok()
}

#[cfg(unix)]
fn nanoseconds() -> u128 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec for the call to fill.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    u128::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000
        + u128::try_from(time.tv_nsec).unwrap_or(0)
}

#[cfg(unix)]
fn parent() -> u32 {
    std::os::unix::process::parent_id()
}

#[cfg(windows)]
fn nanoseconds() -> u128 {
    use std::time::{SystemTime, UNIX_EPOCH};
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

#[cfg(windows)]
fn parent() -> u32 {
    0
}
