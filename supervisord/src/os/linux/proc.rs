//! What /proc tells of processes that are not, or not only, known by table.

use std::{fs, thread};

use supervisor_core::Run;

/// When a process started, in clock ticks since boot; with the pid it names a process for as long
/// as the host is up.
pub(in crate::os) fn started(pid: i32) -> Option<u64> {
    const AFTER_STATE: usize = 19;
    stat(pid)?.split_ascii_whitespace().nth(AFTER_STATE)?.parse().ok()
}

/// How a process ended that is dead and not reaped, where the kernel lets us know.
pub(super) fn wait_status(pid: i32) -> Option<i32> {
    const AFTER_STATE: usize = 49;
    let stat = stat(pid).filter(|stat| stat.starts_with('Z'))?;
    let status = stat.split_ascii_whitespace().nth(AFTER_STATE)?.parse().ok()?;
    // To whom it does not tell, it says 0; the same right is needed here.
    (status != 0 || fs::read(format!("/proc/{pid}/io")).is_ok()).then_some(status)
}

/// Whether a process is stopped, and not by a debugger that has it.
pub(in crate::os) fn is_stopped(pid: i32) -> bool {
    stat(pid).is_some_and(|stat| stat.starts_with('T'))
}

/// The kernel's name for the time since the host was booted.
pub(in crate::os) fn boot() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim_end().to_owned())
}

/// What a process calls itself.
pub(in crate::os) fn program_name(pid: u32) -> Option<String> {
    let name = fs::read(format!("/proc/{pid}/comm")).ok()?;
    Some(String::from_utf8_lossy(name.trim_ascii_end()).into_owned())
}

/// What orphans there are of a run.
pub(super) struct Strays {
    /// Those that are alive and carry the run's marks.
    pub(super) pids: Vec<i32>,
    /// Whether one could not be judged: it is ending, and may leave children to us, or entering a
    /// program. Its end is going to be told.
    pub(super) is_unclear: bool,
}

/// Whether that is a child of this program, be it dead or alive.
pub(in crate::os) fn is_child(pid: i32) -> bool {
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: a null siginfo is allowed, and nothing is reaped.
    unsafe { libc::waitid(libc::P_PID, pid as libc::id_t, std::ptr::null_mut(), options) == 0 }
}

/// Orphans that came to this program and carry the marks of a run. Children it made itself belong
/// to the threads that made them; what comes by inheritance belongs to the first thread.
pub(super) fn strays(tree: &str, run: Run) -> Strays {
    let own = std::process::id();
    let children = fs::read_to_string(format!("/proc/self/task/{own}/children"));
    let children = children.unwrap_or_default();
    let marks = [format!("SUPERVISORD_LABEL={tree}"), format!("SUPERVISORD_RUN={}", run.number)];
    let mut strays = Strays { pids: Vec::new(), is_unclear: false };
    for pid in children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()) {
        match environment(pid) {
            Some(environment) if carries(&environment, &marks) => strays.pids.push(pid),
            Some(_) => {}
            None => strays.is_unclear = true,
        }
    }
    strays
}

/// Whether that is a thread of the kernel's own, which has no environment.
pub(super) fn is_of_kernel(pid: i32) -> bool {
    const AFTER_STATE: usize = 6;
    const OF_KERNEL: u64 = 0x0020_0000;
    let Some(stat) = stat(pid) else { return true };
    let flags = stat.split_ascii_whitespace().nth(AFTER_STATE).and_then(|word| word.parse().ok());
    flags.is_none_or(|flags: u64| flags & OF_KERNEL != 0)
}

fn carries(environment: &[u8], marks: &[String]) -> bool {
    let words = || environment.split(|byte| *byte == 0);
    marks.iter().all(|mark| words().any(|word| word == mark.as_bytes()))
}

/// The environment of a process; `None` while it has no place for one. That is so once it is
/// ending, and for a moment, which is sat out within a limit, when it enters a program.
pub(super) fn environment(pid: i32) -> Option<Vec<u8>> {
    const TRIES: usize = 2000;
    const PLACE: usize = 48;
    for _ in 0..TRIES {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let stat = stat(pid)?;
        if !environment.is_empty() || stat.split_ascii_whitespace().nth(PLACE) != Some("0") {
            return Some(environment);
        }
        if stat.starts_with(['Z', 'X']) {
            return None;
        }
        thread::yield_now();
    }
    None
}

/// The line of a process from its state on; its name, which stands before, may hold anything.
fn stat(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_started_once_and_is_no_stray() {
        let own = std::process::id() as i32;
        assert!(started(own).is_some_and(|ticks| 0 < ticks));
        assert_eq!(started(own), started(own));
        assert_eq!(started(-1), None);
    }
}
