//! What /proc tells of processes that are not, or not only, known by table.

use std::{fs, thread};

use supervisor_core::Run;

/// When a process started, in clock ticks since boot; with the pid it names a process for as long
/// as the host is up.
pub(in crate::os) fn started(pid: i32) -> Option<u64> {
    const AFTER_STATE: usize = 19;
    stat(pid)?.split_ascii_whitespace().nth(AFTER_STATE)?.parse().ok()
}

/// Orphans that came to this program and carry the marks of a run. Children it made itself belong
/// to the threads that made them; what comes by inheritance belongs to the first thread.
pub(super) fn strays(tree: &str, run: Run) -> Vec<i32> {
    let own = std::process::id();
    let Ok(children) = fs::read_to_string(format!("/proc/self/task/{own}/children")) else {
        return Vec::new();
    };
    let marks =
        [format!("SUPERVISORD_LABEL={tree}"), format!("SUPERVISORD_RUN={}", run.number)];
    let pids = children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok());
    pids.filter(|pid| carries(*pid, &marks)).collect()
}

fn carries(pid: i32, marks: &[String]) -> bool {
    let environment = environment(pid);
    let words = || environment.split(|byte| *byte == 0);
    marks.iter().all(|mark| words().any(|word| word == mark.as_bytes()))
}

/// A process that is just entering a program has no environment for a moment, even though it has
/// had one and will have it again. That moment is sat out, within a limit.
fn environment(pid: i32) -> Vec<u8> {
    const TRIES: usize = 2000;
    for _ in 0..TRIES {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        if !environment.is_empty() || !is_entering(pid) {
            return environment;
        }
        thread::yield_now();
    }
    Vec::new()
}

/// Whether a process is alive and the place of its environment is not set yet.
fn is_entering(pid: i32) -> bool {
    const ENVIRONMENT_END: usize = 48;
    let Some(stat) = stat(pid) else { return false };
    let mut fields = stat.split_ascii_whitespace();
    let is_alive = !stat.starts_with(['Z', 'X']);
    is_alive && fields.nth(ENVIRONMENT_END) == Some("0")
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
