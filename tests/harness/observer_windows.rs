//! Reads the system itself, so that what the daemon says can be checked against what is.
//!
//! Processes of a scenario are known by the journals below its base folder, in which every puppet
//! notes its own number.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::c_void;
use std::fs;
use std::path::{Path, PathBuf};
use std::ptr;

use windows_sys::Win32::Foundation::{CloseHandle, INVALID_HANDLE_VALUE, WAIT_TIMEOUT};
use windows_sys::Win32::Storage::FileSystem::SYNCHRONIZE;
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
};
use windows_sys::Win32::System::Threading::{
    OpenProcess, PROCESS_TERMINATE, TerminateProcess, WaitForSingleObject,
};

/// A process as the system tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Whose child it was made as.
    pub parent: u32,
    /// Always `R`; there are no dead ones to be seen.
    pub state: char,
    /// The name of its program.
    pub command: String,
}

/// True where this module can see anything.
#[must_use]
pub fn sees() -> bool {
    true
}

/// Every living puppet of the scenario of this base folder.
#[must_use]
pub fn services_below(base: &Path) -> Vec<Process> {
    let journals = fs::read_dir(base.join("journals")).into_iter().flatten().flatten();
    let noted: BTreeSet<u32> = journals
        .filter_map(|entry| fs::read_to_string(entry.path()).ok())
        .flat_map(|text| text.lines().filter_map(pid_of).collect::<Vec<_>>())
        .collect();
    let mut all = processes();
    let found = noted.iter().filter_map(|pid| all.remove(pid)).filter(|found| lives(found.pid));
    found.filter(|process| process.command.starts_with("puppet")).collect()
}

/// `NANOSECONDS PID …`
fn pid_of(line: &str) -> Option<u32> {
    line.split(' ').nth(1)?.parse().ok()
}

/// Nothing is to be collected here.
pub fn wait_collected(_: u32) {}

/// One process, unless it is gone.
#[must_use]
pub fn process(pid: u32) -> Option<Process> {
    processes().remove(&pid)
}

/// True while the process lives.
#[must_use]
pub fn lives(pid: u32) -> bool {
    with_process(pid, SYNCHRONIZE, |process| {
        // SAFETY: the handle is open; returns at once.
        unsafe { WaitForSingleObject(process, 0) == WAIT_TIMEOUT }
    })
}

/// Ends a process in a way it cannot notice.
///
/// # Panics
/// When that is refused.
pub fn kill(pid: u32) {
    // SAFETY: the handle is open.
    let killed = with_process(pid, PROCESS_TERMINATE, |process| unsafe {
        TerminateProcess(process, 1) != 0
    });
    assert!(killed, "process {pid} can't be killed");
}

/// Unknown here.
#[must_use]
pub fn descriptors(_: u32) -> Vec<PathBuf> {
    Vec::new()
}

/// There are none here.
#[must_use]
pub fn cgroup(_: u32) -> Option<PathBuf> {
    None
}

fn with_process(pid: u32, access: u32, look: impl FnOnce(*mut c_void) -> bool) -> bool {
    // SAFETY: takes numbers; the handle is closed once.
    unsafe {
        let process = OpenProcess(access, 0, pid);
        if process.is_null() {
            return false;
        }
        let seen = look(process);
        CloseHandle(process);
        seen
    }
}

fn processes() -> BTreeMap<u32, Process> {
    let mut all = BTreeMap::new();
    let mut entry =
        PROCESSENTRY32W { dwSize: size_of::<PROCESSENTRY32W>() as u32, ..Default::default() };
    // SAFETY: the entry is live and says how large it is; the list is closed once.
    unsafe {
        let list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
        if ptr::eq(list, INVALID_HANDLE_VALUE) {
            return all;
        }
        let mut more = Process32FirstW(list, &raw mut entry);
        while more != 0 {
            let name = String::from_utf16_lossy(&entry.szExeFile);
            let command = name.split('\0').next().unwrap_or_default().to_owned();
            let (pid, parent) = (entry.th32ProcessID, entry.th32ParentProcessID);
            all.insert(pid, Process { pid, parent, state: 'R', command });
            more = Process32NextW(list, &raw mut entry);
        }
        CloseHandle(list);
    }
    all
}
