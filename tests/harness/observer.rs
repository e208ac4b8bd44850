//! Reads the system itself, so that what the daemon says can be checked against what is.
//!
//! Processes of a scenario are known by its base folder, which stands in every puppet's arguments
//! or environment. Empty on systems without `/proc`.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{PATIENCE, wait_until};

/// A process as the kernel tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Whose child it is now.
    pub parent: u32,
    /// `R`, `S`, `Z`…
    pub state: char,
    /// Its arguments, joined by spaces.
    pub command: String,
}

/// True where this module can see anything.
#[must_use]
pub fn sees() -> bool {
    Path::new("/proc/self/stat").exists()
}

/// A descriptor of another process, as one of our own; none where the kernel gives none.
#[cfg(target_os = "linux")]
#[must_use]
pub fn descriptor(pid: u32, number: i32) -> Option<std::os::fd::OwnedFd> {
    use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
    let own = |result: libc::c_long| {
        let raw = i32::try_from(result).ok().filter(|descriptor| 0 <= *descriptor)?;
        // SAFETY: the kernel has just made it, and nobody else knows it.
        Some(unsafe { OwnedFd::from_raw_fd(raw) })
    };
    // SAFETY: takes two numbers.
    let process = own(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    // SAFETY: takes three numbers, the first an open descriptor.
    own(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), number, 0) })
}

/// Every living process that belongs to the scenario of this base folder, the daemon and its
/// clients left out.
#[must_use]
pub fn services_below(base: &Path) -> Vec<Process> {
    let mark = base.as_os_str().as_encoded_bytes();
    pids()
        .filter(|pid| *pid != std::process::id())
        .filter(|pid| marked(*pid, mark) && !is_ours(*pid))
        .filter_map(process)
        .filter(|process| process.state != 'Z')
        .collect()
}

/// The main puppets below that folder by label, by the system's word alone.
#[must_use]
pub fn puppets_below(base: &Path) -> Vec<(String, u32)> {
    let label = |process: &Process| {
        let mut words = process.command.split(' ').skip_while(|word| *word != "--log");
        let log = Path::new(words.nth(1)?);
        (!process.command.contains("--role"))
            .then(|| log.file_name().map(|name| name.to_string_lossy().into_owned()))?
    };
    let all = services_below(base);
    // A child has its parent's name until it enters its program.
    let is_child = |process: &Process| all.iter().any(|other| other.pid == process.parent);
    let mains = all.iter().filter(|process| !is_child(process));
    mains.filter_map(|process| Some((label(process)?, process.pid))).collect()
}

/// Returns once a process has collected the children that are dead now.
///
/// # Panics
/// When it leaves one.
#[track_caller]
pub fn wait_collected(parent: u32) {
    let mut dead = zombies_of(parent);
    wait_until("the dead to be collected", PATIENCE, || {
        dead.retain(|dead| process(dead.pid).is_some_and(|now| now == *dead));
        dead.is_empty()
    });
}

fn zombies_of(parent: u32) -> Vec<Process> {
    pids()
        .filter_map(process)
        .filter(|process| process.parent == parent && process.state == 'Z')
        .collect()
}

/// One process, unless it is gone.
#[must_use]
pub fn process(pid: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&command).replace('\0', " ").trim_end().to_owned();
    Some(Process { pid, parent, state, command })
}

/// True while the process lives; a zombie does not.
#[must_use]
pub fn lives(pid: u32) -> bool {
    process(pid).is_some_and(|process| process.state != 'Z')
}

/// What the memory of a process comes to that is its alone, in KiB. What it shares would depend on
/// who else runs the same program.
#[must_use]
pub fn memory(pid: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Ends a process in a way it cannot notice.
///
/// # Panics
/// When that is refused.
pub fn kill(pid: u32) {
    let target = nix::unistd::Pid::from_raw(pid.cast_signed());
    nix::sys::signal::kill(target, nix::sys::signal::Signal::SIGKILL).expect("it is ours to kill");
}

/// Where each open descriptor of a process leads.
#[must_use]
pub fn descriptors(pid: u32) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok()).collect()
}

/// The cgroup2 directory of a process, where the system has such.
#[must_use]
pub fn cgroup(pid: u32) -> Option<PathBuf> {
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let inside = groups.lines().find_map(|line| line.strip_prefix("0::/"))?.to_owned();
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let root = mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (place, kind) = (words.next()?, words.next()?);
        (kind == "cgroup2").then(|| PathBuf::from(place))
    })?;
    Some(root.join(inside))
}

fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn marked(pid: u32, mark: &[u8]) -> bool {
    ["cmdline", "environ"].iter().any(|file| {
        fs::read(format!("/proc/{pid}/{file}"))
            .is_ok_and(|bytes| bytes.windows(mark.len()).any(|part| part == mark))
    })
}

/// The product itself also names the base folder in its arguments.
fn is_ours(pid: u32) -> bool {
    fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|path| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        ["supervisord", "svcctl"].iter().any(|ours| name.starts_with(ours))
    })
}
