//! A service's tree: a job object, which nothing a process starts can leave, and the event that
//! asks all of it to end. Both are found again by name.
//!
//! Must never end what it holds by being dropped: services outlive the daemon.

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr,
};

use windows_sys::Win32::{
    Foundation::{ERROR_ALREADY_EXISTS, GetLastError, HANDLE, TRUE},
    Storage::FileSystem::SYNCHRONIZE,
    System::{
        JobObjects::{
            AssignProcessToJobObject, CreateJobObjectW, JOBOBJECT_BASIC_ACCOUNTING_INFORMATION,
            JobObjectBasicAccountingInformation, OpenJobObjectW, QueryInformationJobObject,
            TerminateJobObject,
        },
        SystemServices::JOB_OBJECT_QUERY,
        Threading::{CreateEventW, EVENT_MODIFY_STATE, GetCurrentProcess, OpenEventW, SetEvent},
    },
};

use super::{check, members::pids, process::Process, wide};
use crate::os::stable_hash::stable_hash;

/// Exit code of processes that were killed, as `TerminateProcess` is mostly given.
const KILLED: u32 = 1;

/// Trees of one service that there can be at once; all but one are what abandoned children keep.
const NUMBERS: std::ops::Range<u32> = 0..64;

/// `JOB_OBJECT_ALL_ACCESS`, as far as it is needed: assign, set, query, terminate, wait.
const JOB_ACCESS: u32 = 0x0F | SYNCHRONIZE;

/// Whose tree it is: the domain of the daemon, and the label.
pub(super) struct Names {
    stem: String,
}

/// The job and the event.
pub(in crate::os) struct Tree {
    job: OwnedHandle,
    stop: OwnedHandle,
    /// The event's name, for the programs in it.
    pub(super) stop_name: String,
}

impl Names {
    /// The names of a service's objects: the same for every daemon of the domain.
    pub(super) fn new(domain: &str, label: &str) -> Self {
        // An object's name may hold neither every letter nor as many as a label.
        Self { stem: format!(r"Global\supervisord-{domain}-{:016x}", stable_hash(label)) }
    }

    fn job(&self, number: u32) -> String {
        format!("{}-{number}", self.stem)
    }

    fn stop(&self, number: u32) -> String {
        format!("{}-{number}-stop", self.stem)
    }
}

impl Tree {
    /// Makes an empty one. An object that is there already is somebody else's, whoever that is:
    /// nothing of ours is put into it.
    pub(super) fn new(names: &Names) -> io::Result<Self> {
        for number in NUMBERS {
            let (job_name, stop_name) = (names.job(number), names.stop(number));
            let (job, stop) = (wide(job_name.as_ref()), wide(stop_name.as_ref()));
            // SAFETY: the name ends in zero; no descriptor means the usual one.
            let Some(job) = made(|| unsafe { CreateJobObjectW(ptr::null(), job.as_ptr()) })? else {
                continue;
            };
            // SAFETY: as above; it stays set for all who wait, and begins unset.
            let stop = made(|| unsafe { CreateEventW(ptr::null(), 1, 0, stop.as_ptr()) })?;
            if let Some(stop) = stop {
                return Ok(Self { job, stop, stop_name });
            }
        }
        Err(io::Error::other("too many of its abandoned trees are left"))
    }

    /// The one that an earlier daemon made: that of its process, or without one any that lives.
    pub(super) fn find(names: &Names, process: Option<&Process>) -> Option<Self> {
        NUMBERS.filter_map(|number| Self::open(names, number)).find(|tree| match process {
            Some(process) => tree.holds(process),
            None => !tree.is_empty(),
        })
    }

    fn open(names: &Names, number: u32) -> Option<Self> {
        let (job_name, stop_name) = (names.job(number), names.stop(number));
        let (job, stop) = (wide(job_name.as_ref()), wide(stop_name.as_ref()));
        // SAFETY: the name ends in zero.
        let job = owned(unsafe { OpenJobObjectW(JOB_ACCESS, 0, job.as_ptr()) }).ok()?;
        // SAFETY: the name ends in zero.
        let stop = owned(unsafe { OpenEventW(EVENT_MODIFY_STATE, 0, stop.as_ptr()) }).ok()?;
        Some(Self { job, stop, stop_name })
    }

    /// Takes a process in, with all it will start.
    pub(super) fn take(&self, process: &Process) -> io::Result<()> {
        // SAFETY: both handles are open.
        check(unsafe { AssignProcessToJobObject(self.raw(), process.raw()) })
    }

    /// Lets a process keep the names alive: they would go with the daemon's own handles.
    pub(super) fn lend(&self, process: &Process) -> io::Result<()> {
        lend(&self.job, process, JOB_OBJECT_QUERY)?;
        lend(&self.stop, process, SYNCHRONIZE)
    }

    /// The process, whose number is its own as long as it is held, is one of the tree's.
    fn holds(&self, process: &Process) -> bool {
        pids(self.raw()).contains(&process.pid)
    }

    /// Whether no process of the service is in it; the host of its console goes by itself.
    pub(super) fn is_empty(&self) -> bool {
        let is_host = |pid| Process::open(pid).is_some_and(|process| process.is_console_host());
        self.is_deserted() || pids(self.raw()).into_iter().all(is_host)
    }

    fn is_deserted(&self) -> bool {
        let mut facts = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        // SAFETY: the structure is live and of that size.
        let got = unsafe {
            QueryInformationJobObject(
                self.raw(),
                JobObjectBasicAccountingInformation,
                (&raw mut facts).cast(),
                size_of_val(&facts) as u32,
                ptr::null_mut(),
            )
        };
        got != 0 && facts.ActiveProcesses == 0
    }

    /// Some process in it that may be waited for.
    pub(super) fn member(&self) -> Option<Process> {
        // By the time it is opened the number may be somebody else's.
        let mut processes = pids(self.raw()).into_iter().filter_map(Process::open);
        processes.find(|process| self.holds(process) && !process.is_console_host())
    }

    /// Sets the event that asks it to end.
    pub(super) fn ask(&self) {
        // SAFETY: the handle is open.
        unsafe { SetEvent(self.stop.as_raw_handle()) };
    }

    /// Ends every process in it.
    pub(super) fn kill(&self) {
        // SAFETY: the handle is open; it is refused only for a job that is gone.
        unsafe { TerminateJobObject(self.raw(), KILLED) };
    }

    pub(super) fn raw(&self) -> HANDLE {
        self.job.as_raw_handle()
    }
}

/// The new object, or none when its name was taken.
fn made(make: impl FnOnce() -> HANDLE) -> io::Result<Option<OwnedHandle>> {
    let handle = owned(make());
    // SAFETY: asks how the call just made went.
    let is_old = unsafe { GetLastError() } == ERROR_ALREADY_EXISTS;
    match handle {
        Ok(_) if is_old => Ok(None),
        // Another's, which we may not even open.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(None),
        handle => handle.map(Some),
    }
}

fn owned(raw: HANDLE) -> io::Result<OwnedHandle> {
    if raw.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just made, and nobody else knows it.
    Ok(unsafe { OwnedHandle::from_raw_handle(raw) })
}

/// A handle for the process and those that inherit from it; it goes with them.
fn lend(object: &OwnedHandle, process: &Process, access: u32) -> io::Result<()> {
    use windows_sys::Win32::Foundation::DuplicateHandle;
    let (mut lent, raw) = (ptr::null_mut(), object.as_raw_handle());
    // SAFETY: the handles are open; what is made belongs to the other process.
    check(unsafe {
        DuplicateHandle(GetCurrentProcess(), raw, process.raw(), &mut lent, access, TRUE, 0)
    })
}
