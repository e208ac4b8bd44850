//! What the system tells of processes, and how those that the benchmark started are ended.
//!
//! Only descendants are ever signalled: the benchmark adopts what its children leave behind.

use std::collections::HashMap;
use std::fs;
use std::os::fd::{AsFd as _, FromRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use crate::fault::{Cannot as _, Fault, Outcome};

/// What running costs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Usage {
    /// Milliseconds on a processor.
    pub(crate) cpu: f64,
    /// Times that a thread went to sleep by itself: once for each time that it was woken.
    pub(crate) switches: u64,
}

/// What being there costs, in KiB.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Memory {
    pub(crate) proportional: u64,
    pub(crate) private: u64,
}

/// The state letter and the parent of a process.
fn stat(pid: i32) -> Option<(char, i32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

/// All processes below this one that are not dead.
pub(crate) fn descendants() -> Vec<i32> {
    let own = i32::try_from(std::process::id()).expect("a pid is not negative");
    let mut children: HashMap<i32, Vec<(i32, char)>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(pid) = pid
            && let Some((state, parent)) = stat(pid)
        {
            children.entry(parent).or_default().push((pid, state));
        }
    }
    let mut found = Vec::new();
    let mut open = vec![own];
    while let Some(parent) = open.pop() {
        for (pid, state) in children.remove(&parent).unwrap_or_default() {
            open.push(pid);
            if !matches!(state, 'Z' | 'X') {
                found.push(pid);
            }
        }
    }
    found
}

/// What these processes used so far.
pub(crate) fn usage(pids: &[i32]) -> Usage {
    let mut usage = Usage::default();
    for pid in pids {
        for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let read = |file| fs::read_to_string(task.path().join(file)).unwrap_or_default();
            let running = read("schedstat");
            let running = running.split(' ').next().and_then(|text| text.parse::<f64>().ok());
            usage.cpu += running.unwrap_or_default() / 1e6;
            usage.switches += field(&read("status"), "voluntary_ctxt_switches:");
        }
    }
    usage
}

/// What these processes hold.
pub(crate) fn memory(pids: &[i32]) -> Memory {
    let mut memory = Memory::default();
    for pid in pids {
        let maps = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        memory.proportional += field(&maps, "Pss:");
        memory.private += field(&maps, "Private_Clean:") + field(&maps, "Private_Dirty:");
    }
    memory
}

fn field(text: &str, name: &str) -> u64 {
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// Sends a signal to a process that the benchmark began.
pub(crate) fn signal(pid: i32, signal: Signal) -> Outcome<()> {
    kill(Pid::from_raw(pid), signal).cannot(format!("send {signal} to {pid}"))
}

/// The end of some processes, each seen at once however many they are.
#[derive(Debug)]
pub(crate) struct Ends {
    poll: Epoll,
    open: HashMap<u64, OwnedFd>,
}

impl Ends {
    /// Of these; who is gone already counts as ended.
    pub(crate) fn of(pids: impl IntoIterator<Item = i32>) -> Outcome<Self> {
        let poll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).cannot("watch processes")?;
        let mut open = HashMap::new();
        for (key, pid) in (0..).zip(pids) {
            // SAFETY: takes numbers; the descriptor is new and ours.
            let process = unsafe {
                let descriptor = libc::syscall(libc::SYS_pidfd_open, pid, 0);
                match i32::try_from(descriptor) {
                    Ok(descriptor) if 0 <= descriptor => OwnedFd::from_raw_fd(descriptor),
                    Ok(_) | Err(_) => continue,
                }
            };
            poll.add(process.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, key))
                .cannot("watch processes")?;
            open.insert(key, process);
        }
        Ok(Self { poll, open })
    }

    /// Returns when all have ended.
    pub(crate) fn wait(mut self, limit: Duration) -> Outcome<()> {
        let end = Instant::now() + limit;
        let mut events = [EpollEvent::empty(); 256];
        while !self.open.is_empty() {
            let count = self.poll.wait(&mut events, EpollTimeout::from(100u8));
            for event in &events[..count.unwrap_or_default()] {
                if let Some(process) = self.open.remove(&event.data()) {
                    let _ = self.poll.delete(process.as_fd());
                }
            }
            if end < Instant::now() {
                return Err(Fault(format!("{} processes did not end", self.open.len())));
            }
        }
        Ok(())
    }
}

/// Kills everything below this process, and what that leaves behind, until nothing is there.
///
/// # Errors
/// When something could not be killed.
pub(crate) fn end_all() -> Outcome<()> {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let left = descendants();
        for pid in &left {
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        while waitpid(None, Some(WaitPidFlag::WNOHANG)).is_ok_and(|status| status.pid().is_some()) {
        }
        if left.is_empty() {
            return Ok(());
        }
        if end < Instant::now() {
            return Err(Fault(format!("cannot end processes {left:?}")));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
