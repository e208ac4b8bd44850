//! Processes found by the marks in their environment: what an earlier daemon left that nothing
//! else leads to. A stranger never carries them all, and is never touched.

use std::{
    collections::{HashMap, HashSet},
    fs,
    os::fd::OwnedFd,
};

use super::{pidfd, proc};
use crate::os::unix::Member;

/// The daemon that made a process.
pub(in crate::os) const DOMAIN: &str = "SUPERVISORD_DOMAIN";

/// Of each label, the runs of which something lives.
pub(super) type Found = HashMap<String, HashSet<u32>>;

/// Looks once at all processes there are.
pub(super) fn search(domain: &str) -> Found {
    let mut found = Found::new();
    for pid in pids() {
        if let Some((label, run)) = marks(pid, domain) {
            found.entry(label).or_default().insert(run);
        }
    }
    found
}

/// All living processes of a run; of any run where its number is not known.
pub(super) fn of(domain: &str, member: &Member<'_>) -> Vec<OwnedFd> {
    let is_its = |pid: i32| {
        let marks = marks(pid, domain);
        marks.is_some_and(|(label, run)| {
            label == member.tree && (run == member.run.number || member.run.number == 0)
        })
    };
    // Looked at again once it is held: the number may have become another's.
    let held = pids().filter(|pid| is_its(*pid));
    held.filter_map(|pid| pidfd::open(pid).filter(|_| is_its(pid))).collect()
}

/// Sends a signal to all of them.
pub(super) fn signal(domain: &str, member: &Member<'_>, number: i32) {
    for process in of(domain, member) {
        // It may have ended meanwhile.
        let _ = pidfd::send(&process, number);
    }
}

fn pids() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The label and the run that a process of this domain carries; none once it is dead.
fn marks(pid: i32, domain: &str) -> Option<(String, u32)> {
    let mut environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    if environment.is_empty() {
        if proc::is_of_kernel(pid) {
            return None;
        }
        environment = proc::environment(pid)?;
    }
    let value = |name: &str| {
        let words = environment.split(|byte| *byte == 0);
        let mut values =
            words.filter_map(|word| word.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
        String::from_utf8(values.next_back()?.to_vec()).ok()
    };
    let is_ours = value(DOMAIN).is_some_and(|value| value == domain);
    is_ours.then(|| Some((value("SUPERVISORD_LABEL")?, value("SUPERVISORD_RUN")?.parse().ok()?)))?
}
