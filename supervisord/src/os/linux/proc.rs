//! What /proc tells of processes that are not, or not only, known by table.

use std::{fs, path::Path};

use supervisor_core::Run;

/// When a process started, in clock ticks since boot; with the pid it names a process for as long
/// as the host is up.
pub(in crate::os) fn started(pid: i32) -> Option<u64> {
    const FIELD: usize = 22;
    /// The fields that come before and with the program's name, which may hold anything.
    const NAMED: usize = 2;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(FIELD - NAMED - 1)?.parse().ok()
}

/// Orphans that came to this program and carry the marks of a run. Children it made itself belong
/// to the threads that made them; what comes by inheritance belongs to the first thread.
pub(super) fn strays(tree: &str, run: Run) -> Vec<i32> {
    let own = std::process::id();
    let Ok(children) = fs::read_to_string(format!("/proc/self/task/{own}/children")) else {
        return Vec::new();
    };
    let label = format!("SUPERVISORD_LABEL={tree}");
    let number = format!("SUPERVISORD_RUN={}", run.number);
    let pids = children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok());
    pids.filter(|pid| carries(*pid, &[&label, &number])).collect()
}

fn carries(pid: i32, marks: &[&str]) -> bool {
    // A process that has ended but was not reaped has an empty environment.
    let environment = fs::read(Path::new("/proc").join(pid.to_string()).join("environ"));
    let environment = environment.unwrap_or_default();
    let mut lines = environment.split(|byte| *byte == 0);
    let mut has = |mark: &str| lines.by_ref().any(|line| line == mark.as_bytes());
    // The label is put before the number.
    marks.iter().all(|mark| has(mark))
}
