//! A service's tree: a job object, which nothing a process starts can leave.

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr,
};

use windows_sys::Win32::{
    Foundation::HANDLE,
    System::JobObjects::{
        AssignProcessToJobObject, CreateJobObjectW, JOBOBJECT_ASSOCIATE_COMPLETION_PORT,
        JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JobObjectAssociateCompletionPortInformation,
        JobObjectBasicAccountingInformation, QueryInformationJobObject, SetInformationJobObject,
        TerminateJobObject,
    },
};

use super::{check, port::Port};

/// Exit code of processes that were killed, as `TerminateProcess` is mostly given.
const KILLED: u32 = 1;

/// One job object. It outlives the daemon as long as a process is in it.
pub(in crate::os) struct Job(OwnedHandle);

impl Job {
    /// Makes a job that tells the port, under `key`, when it has emptied.
    pub(super) fn new(port: &Port, key: u64) -> io::Result<Self> {
        // SAFETY: no name and no descriptor are allowed.
        let raw = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
        if raw.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just made, and nobody else knows it.
        let job = Self(unsafe { OwnedHandle::from_raw_handle(raw) });
        let place = JOBOBJECT_ASSOCIATE_COMPLETION_PORT {
            CompletionKey: ptr::without_provenance_mut(key as usize),
            CompletionPort: port.raw(),
        };
        // SAFETY: the structure is live and of that size.
        check(unsafe {
            SetInformationJobObject(
                job.0.as_raw_handle(),
                JobObjectAssociateCompletionPortInformation,
                (&raw const place).cast(),
                size_of_val(&place) as u32,
            )
        })?;
        Ok(job)
    }

    /// Takes a process in, with all it will start.
    pub(super) fn take(&self, process: HANDLE) -> io::Result<()> {
        // SAFETY: both handles are open.
        check(unsafe { AssignProcessToJobObject(self.0.as_raw_handle(), process) })
    }

    /// Whether no process is in it.
    pub(super) fn is_empty(&self) -> bool {
        let mut facts = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        // SAFETY: the structure is live and of that size.
        let got = unsafe {
            QueryInformationJobObject(
                self.0.as_raw_handle(),
                JobObjectBasicAccountingInformation,
                (&raw mut facts).cast(),
                size_of_val(&facts) as u32,
                ptr::null_mut(),
            )
        };
        got != 0 && facts.ActiveProcesses == 0
    }

    /// Ends every process in it.
    pub(super) fn kill(&self) {
        // SAFETY: the handle is open; it is refused only for a job that is gone.
        unsafe { TerminateJobObject(self.0.as_raw_handle(), KILLED) };
    }
}
