//! Faults put into a running daemon's system calls, by strace: a kill or an error at the n-th call.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::{PATIENCE, wait_until};

/// The calls by which anything is written or made.
const CALLS: [&str; 18] = [
    "write",
    "pwrite64",
    "writev",
    "sendto",
    "openat",
    "fsync",
    "fdatasync",
    "rename",
    "unlink",
    "ftruncate",
    "mkdirat",
    "renameat",
    "unlinkat",
    "fallocate",
    "copy_file_range",
    "fchmod",
    "fchown",
    "inotify_add_watch",
];

/// A place in what a daemon does: the n-th call of that name by a thread.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// The thread's name.
    pub thread: String,
    /// The call.
    pub call: String,
    /// Which of them, from 1.
    pub number: usize,
    /// Only those on this file count.
    pub file: Option<PathBuf>,
}

/// strace, attached to threads; it lets go when dropped. It never follows a process that a thread
/// makes, which is a service, and which it would stop for a while.
#[derive(Debug)]
pub struct Attached(Child);

/// Why there can be no faults here, if that is so.
#[must_use]
pub fn unavailable() -> Option<&'static str> {
    let traced = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    match traced {
        Err(_) => Some("there is no strace"),
        Ok(output) if !output.status.success() => Some("strace may not trace here"),
        Ok(_) if !nix::unistd::geteuid().is_root() => Some("only root may attach to a daemon"),
        Ok(_) => None,
    }
}

/// Writes down every call that could be a [`Point`].
#[must_use]
pub fn record(pid: u32, file: &Path) -> Attached {
    let trace = format!("trace={}", CALLS.map(|call| format!("?{call}")).join(","));
    let mut command = Command::new("strace");
    command.args(["-y", "-qq", "-e", &trace, "-o"]).arg(file);
    attach(command, pid, threads(pid).into_keys())
}

/// All points that were recorded in that file, whose threads had these names.
///
/// # Panics
/// When there is no such file.
#[must_use]
pub fn points(file: &Path, threads: &BTreeMap<u32, String>) -> Vec<Point> {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut points = Vec::new();
    for line in fs::read_to_string(file).expect("strace has written it").lines() {
        let mut words = line.split_whitespace();
        let thread = words.next().and_then(|word| word.parse().ok());
        let name = thread.and_then(|thread: u32| threads.get(&thread));
        let call = words.next().and_then(|word| word.split_once('(')).map(|(call, _)| call);
        if let (Some(name), Some(call)) = (name, call)
            && CALLS.contains(&call)
        {
            let number = counts.entry((name.clone(), call.to_owned())).or_default();
            *number += 1;
            // How a thread wakes another is not about files, and cannot fail in the real world.
            if !line.contains("[eventfd]") {
                let (thread, call) = (name.clone(), call.to_owned());
                points.push(Point { thread, call, number: *number, file: None });
            }
        }
    }
    points
}

/// The threads of a process, by number.
#[must_use]
pub fn threads(pid: u32) -> BTreeMap<u32, String> {
    let entries = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = fs::read_to_string(entry.path().join("comm")).ok()?;
            Some((entry.file_name().to_str()?.parse().ok()?, name.trim_end().to_owned()))
        })
        .collect()
}

/// Puts a fault at that point, as strace writes it: `signal=KILL`, `error=ENOSPC`; `None` when the
/// process has no such thread.
#[must_use]
pub fn inject(pid: u32, point: &Point, fault: &str) -> Option<Attached> {
    let threads = threads(pid);
    let (thread, _) = threads.iter().find(|(_, name)| **name == point.thread)?;
    let Point { call, number, file, .. } = point;
    let mut command = Command::new("strace");
    command.args(["-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e"]);
    command.arg(format!("inject={call}:{fault}:when={number}"));
    if let Some(file) = file {
        command.arg("-P").arg(file);
    }
    Some(attach(command, pid, std::iter::once(*thread)))
}

/// Makes every such call of the process's threads fail until dropped.
#[must_use]
pub fn always(pid: u32, call: &str, error: &str) -> Attached {
    let mut command = Command::new("strace");
    command.args(["-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e"]);
    command.arg(format!("inject={call}:error={error}"));
    attach(command, pid, threads(pid).into_keys())
}

fn attach(mut command: Command, pid: u32, threads: impl Iterator<Item = u32>) -> Attached {
    let threads: Vec<u32> = threads.collect();
    for thread in &threads {
        command.args(["-p", &thread.to_string()]);
    }
    command.stdin(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().expect("strace is there");
    let is_traced = |thread: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/task/{thread}/status"));
        // One that is gone met its fault at once.
        status.map_or(true, |status| !status.contains("TracerPid:\t0\n"))
    };
    wait_until("strace to attach", PATIENCE, || threads.iter().all(is_traced));
    Attached(child)
}

impl Drop for Attached {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(self.0.id().cast_signed());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT);
        let _ = self.0.wait();
    }
}
