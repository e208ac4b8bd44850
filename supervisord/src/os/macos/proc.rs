//! What libproc tells of processes.

use std::{ffi::c_void, ptr};

use libc::c_int;

/// When a process started, in microseconds since 1970.
pub(in crate::os) fn started(pid: i32) -> Option<u64> {
    facts(pid).map(|facts| facts.pbi_start_tvsec * 1_000_000 + facts.pbi_start_tvusec)
}

/// Whether a process is stopped.
pub(in crate::os) fn is_stopped(pid: i32) -> bool {
    /// From `sys/proc.h`.
    const SSTOP: u32 = 4;
    facts(pid).is_some_and(|facts| facts.pbi_status == SSTOP)
}

fn facts(pid: i32) -> Option<libc::proc_bsdinfo> {
    // SAFETY: all zero is a valid structure of numbers.
    let mut facts: libc::proc_bsdinfo = unsafe { std::mem::zeroed() };
    let size = size_of_val(&facts) as c_int;
    let place = (&raw mut facts).cast::<c_void>();
    // SAFETY: the buffer is live and of that size.
    let got = unsafe { libc::proc_pidinfo(pid, libc::PROC_PIDTBSDINFO, 0, place, size) };
    (got == size).then_some(facts)
}

/// What a process calls itself.
pub(in crate::os) fn program_name(pid: u32) -> Option<String> {
    let mut name = [0_u8; 64];
    let size = u32::try_from(name.len()).ok()?;
    // SAFETY: the buffer is live and of that size.
    let length = unsafe { libc::proc_name(pid as c_int, name.as_mut_ptr().cast(), size) };
    let name = name.get(..usize::try_from(length).ok()?).filter(|name| !name.is_empty())?;
    Some(String::from_utf8_lossy(name).into_owned())
}

/// The kernel's name for the time since the host was booted.
pub(in crate::os) fn boot() -> Option<String> {
    let mut text = [0_u8; 64];
    let mut size = text.len();
    let name = c"kern.bootsessionuuid".as_ptr();
    // SAFETY: buffer and size are live.
    let got = unsafe {
        libc::sysctlbyname(name, text.as_mut_ptr().cast(), &mut size, ptr::null_mut(), 0)
    };
    let text = text.get(..size.saturating_sub(1)).filter(|_| got == 0)?;
    Some(String::from_utf8_lossy(text).into_owned())
}

/// Whether that is a child of this program, be it dead or alive.
pub(in crate::os) fn is_child(pid: i32) -> bool {
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: all zero is a valid siginfo.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live siginfo, and nothing is reaped.
    unsafe { libc::waitid(libc::P_PID, pid as libc::id_t, &mut info, options) == 0 }
}

/// The processes of a group that have not ended.
pub(super) fn members(group: i32) -> Vec<i32> {
    let mut pids = vec![0_i32; 1024];
    let size = size_of_val(pids.as_slice()) as c_int;
    // SAFETY: the buffer is live and of that size.
    let count = unsafe { libc::proc_listpgrppids(group, pids.as_mut_ptr().cast(), size) };
    pids.truncate(usize::try_from(count).unwrap_or(0));
    pids.retain(|pid| 0 < *pid && started(*pid).is_some());
    pids
}
