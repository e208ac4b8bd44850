//! Resource limits: ours are raised once, a child gets what we had before, changed as asked.

use std::{io, sync::OnceLock};

use libc::{RLIM_INFINITY, rlim_t, rlimit};

use crate::os::{Limit, Resource, imp::sys::OPEN_FILES_MAX};

/// The type the C library gives to the first argument of `setrlimit`.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(in crate::os) type Kind = libc::__rlimit_resource_t;
/// The type the C library gives to the first argument of `setrlimit`.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(in crate::os) type Kind = libc::c_int;

static FILES_BEFORE: OnceLock<rlimit> = OnceLock::new();

/// Lets this process open as many files as it may; returns how many that is.
pub(super) fn raise_open_files() -> io::Result<u64> {
    let before = current(libc::RLIMIT_NOFILE)?;
    FILES_BEFORE.get_or_init(|| before);
    let most = finite(libc::RLIMIT_NOFILE, before.rlim_max);
    let raised = rlimit { rlim_cur: most, rlim_max: before.rlim_max };
    // SAFETY: the pointer is to a live rlimit.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raised) } == 0 {
        return Ok(raised.rlim_cur as u64);
    }
    Ok(before.rlim_cur as u64)
}

/// What a child starts from for a resource.
pub(in crate::os) fn inherited(kind: Kind) -> rlimit {
    let infinite = rlimit { rlim_cur: RLIM_INFINITY, rlim_max: RLIM_INFINITY };
    let now = current(kind).unwrap_or(infinite);
    match FILES_BEFORE.get() {
        Some(before) if kind == libc::RLIMIT_NOFILE => *before,
        Some(_) | None => now,
    }
}

/// The limits to set in a child, our own raise of open files taken back.
pub(super) fn resolve(limits: &[Limit]) -> Vec<(Kind, rlimit)> {
    let mut all: Vec<(Kind, rlimit)> = Vec::with_capacity(limits.len() + 1);
    if FILES_BEFORE.get().is_some() {
        all.push((libc::RLIMIT_NOFILE, inherited(libc::RLIMIT_NOFILE)));
    }
    for limit in limits {
        let kind = kind(limit.resource);
        let at = all.iter().position(|known| known.0 == kind).unwrap_or_else(|| {
            all.push((kind, inherited(kind)));
            all.len() - 1
        });
        let value = &mut all[at].1;
        if let Some(hard) = limit.hard {
            value.rlim_max = clamp(hard);
            // An inherited soft limit above the new hard one would make every start fail.
            value.rlim_cur = value.rlim_cur.min(value.rlim_max);
        }
        if let Some(soft) = limit.soft {
            value.rlim_cur = finite(kind, clamp(soft));
        }
    }
    all
}

/// The name launchd has for a kind of limit, for messages.
pub(super) fn name(kind: Kind) -> &'static str {
    ALL.iter().find(|resource| self::kind(**resource) == kind).map_or("", |found| found.name())
}

const ALL: [Resource; 9] = [
    Resource::Core,
    Resource::Cpu,
    Resource::Data,
    Resource::FileSize,
    Resource::MemoryLock,
    Resource::NumberOfFiles,
    Resource::NumberOfProcesses,
    Resource::ResidentSetSize,
    Resource::Stack,
];

fn kind(resource: Resource) -> Kind {
    match resource {
        Resource::Core => libc::RLIMIT_CORE,
        Resource::Cpu => libc::RLIMIT_CPU,
        Resource::Data => libc::RLIMIT_DATA,
        Resource::FileSize => libc::RLIMIT_FSIZE,
        Resource::MemoryLock => libc::RLIMIT_MEMLOCK,
        Resource::NumberOfFiles => libc::RLIMIT_NOFILE,
        Resource::NumberOfProcesses => libc::RLIMIT_NPROC,
        Resource::ResidentSetSize => libc::RLIMIT_RSS,
        Resource::Stack => libc::RLIMIT_STACK,
    }
}

/// launchd's definitions write "no limit" as the largest signed number.
fn clamp(value: u64) -> rlim_t {
    if value >= i64::MAX as u64 { RLIM_INFINITY } else { value as rlim_t }
}

/// What to ask for in place of no limit where that can't be had.
fn finite(kind: Kind, value: rlim_t) -> rlim_t {
    match kind {
        libc::RLIMIT_NOFILE if value == RLIM_INFINITY => OPEN_FILES_MAX,
        _ => value,
    }
}

fn current(kind: Kind) -> io::Result<rlimit> {
    let mut now = rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a live rlimit.
    if unsafe { libc::getrlimit(kind, &mut now) } == 0 {
        return Ok(now);
    }
    Err(io::Error::last_os_error())
}
