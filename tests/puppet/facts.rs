//! What the process was given by whoever started it, as one JSON object.
//!
//! Gathered before the puppet changes anything of it.

use serde_json::{Map, Value, json};

/// Everything a definition can set, read back from inside.
pub(crate) fn gather() -> Value {
    let environment: Map<String, Value> = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), json!(value.to_string_lossy())))
        .collect();
    let mut facts = json!({
        "cwd": std::env::current_dir().unwrap_or_default(),
        "argv": std::env::args().collect::<Vec<_>>(),
        "environment": environment,
        "pid": std::process::id(),
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut facts, system()) {
        all.extend(more);
    }
    facts
}

#[cfg(windows)]
fn system() -> Value {
    json!({})
}

#[cfg(unix)]
fn system() -> Value {
    use nix::unistd;
    let process = |result: nix::Result<unistd::Pid>| result.map(unistd::Pid::as_raw).ok();
    json!({
        "uid": unistd::geteuid().as_raw(),
        "gid": unistd::getegid().as_raw(),
        "groups": groups(),
        "umask": umask(),
        "nice": nice(),
        "scheduling": scheduling(),
        "limits": limits(),
        "group_leader": unistd::getpgrp().as_raw(),
        "session": process(unistd::getsid(None)),
        "parent": unistd::getppid().as_raw(),
        "descriptors": descriptors(),
        "cgroup": std::fs::read_to_string("/proc/self/cgroup").ok(),
        "blocked": status_mask("SigBlk:"),
    })
}

#[cfg(unix)]
fn groups() -> Vec<u32> {
    let mut list = vec![0; 1024];
    // SAFETY: the list has as many places as the call is told.
    let count = unsafe { libc::getgroups(1024, list.as_mut_ptr()) };
    list.truncate(usize::try_from(count).unwrap_or(0));
    list
}

#[cfg(unix)]
fn umask() -> Value {
    // SAFETY: there is one thread yet, and the mask is put back at once.
    let mask = unsafe { libc::umask(0) };
    // SAFETY: as above.
    unsafe { libc::umask(mask) };
    json!(mask)
}

#[cfg(unix)]
fn nice() -> i32 {
    // SAFETY: asks for this process's own priority; touches no memory of ours.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

/// The policy and the class of I/O priority, by the numbers of the kernel; null elsewhere.
#[cfg(target_os = "linux")]
fn scheduling() -> Value {
    // SAFETY: asks for this process's own policy.
    let policy = unsafe { libc::sched_getscheduler(0) };
    // SAFETY: 1 is a process, 0 this one.
    let io = unsafe { libc::syscall(libc::SYS_ioprio_get, 1, 0) };
    json!({"policy": policy, "io_class": io >> 13})
}

#[cfg(all(unix, not(target_os = "linux")))]
fn scheduling() -> Value {
    Value::Null
}

/// `[soft, hard]` under launchd's names; null for no limit.
#[cfg(unix)]
fn limits() -> Value {
    let all = [
        ("Core", libc::RLIMIT_CORE),
        ("CPU", libc::RLIMIT_CPU),
        ("Data", libc::RLIMIT_DATA),
        ("FileSize", libc::RLIMIT_FSIZE),
        ("MemoryLock", libc::RLIMIT_MEMLOCK),
        ("NumberOfFiles", libc::RLIMIT_NOFILE),
        ("NumberOfProcesses", libc::RLIMIT_NPROC),
        ("Stack", libc::RLIMIT_STACK),
    ];
    let value = |limit: u64| if limit == libc::RLIM_INFINITY { Value::Null } else { json!(limit) };
    let read = |resource| {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the pointer is to a live limit.
        let result = unsafe { libc::getrlimit(resource, &mut limit) };
        if result == 0 {
            json!([value(limit.rlim_cur), value(limit.rlim_max)])
        } else {
            Value::Null
        }
    };
    all.into_iter().map(|(name, resource)| (name.to_owned(), read(resource))).collect()
}

/// Number and target of each open descriptor, but for the one that reads the list.
#[cfg(unix)]
fn descriptors() -> Value {
    let Ok(entries) = std::fs::read_dir("/dev/fd") else { return Value::Null };
    let all: Map<String, Value> = entries
        .flatten()
        .filter_map(|entry| {
            let target = std::fs::read_link(entry.path()).ok()?;
            let of_ours = target.starts_with("/proc") && target.ends_with("fd");
            (!of_ours).then(|| (entry.file_name().to_string_lossy().into_owned(), json!(target)))
        })
        .collect();
    Value::Object(all)
}

/// A signal mask out of Linux's own report; null elsewhere.
#[cfg(unix)]
fn status_mask(name: &str) -> Value {
    let Ok(text) = std::fs::read_to_string("/proc/self/status") else { return Value::Null };
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).map_or(Value::Null, Value::from)
}
