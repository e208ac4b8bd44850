//! One process: its handle, how it ended, and the wait that tells its end.

use std::{
    ffi::c_void,
    io,
    os::windows::io::{AsRawHandle, OwnedHandle},
    ptr,
};

use supervisor_core::Exit;
use windows_sys::Win32::{
    Foundation::{FILETIME, HANDLE, INVALID_HANDLE_VALUE},
    System::{
        Console::{CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent},
        Threading::{
            GetExitCodeProcess, GetProcessTimes, INFINITE, RegisterWaitForSingleObject,
            TerminateProcess, UnregisterWaitEx, WT_EXECUTEONLYONCE,
        },
    },
};

use super::{check, job::Job};

/// A process that was let run, and the job it is in.
pub(in crate::os) struct Child {
    pub(super) handle: OwnedHandle,
    pub(super) pid: u32,
    pub(super) job: Job,
}

impl Child {
    /// How it ended, once it has.
    pub(super) fn exit(&self) -> Exit {
        let mut code = 0;
        // SAFETY: the handle is open and the place is live.
        match check(unsafe { GetExitCodeProcess(self.handle.as_raw_handle(), &mut code) }) {
            Ok(()) => Exit::Code(code),
            Err(_) => Exit::Unknown,
        }
    }

    /// When it was made, in units of 100 ns since 1601; with the pid it names the process.
    pub(super) fn created(&self) -> Option<u64> {
        let mut times = [FILETIME::default(); 4];
        let [made, ended, kernel, user] = &mut times;
        let handle = self.handle.as_raw_handle();
        // SAFETY: the handle is open and the four places are live.
        check(unsafe { GetProcessTimes(handle, made, ended, kernel, user) }).ok()?;
        Some(u64::from(times[0].dwHighDateTime) << 32 | u64::from(times[0].dwLowDateTime))
    }

    /// Asks it to end by Ctrl-Break, which reaches its console group where there is a console.
    pub(super) fn ask(&self) {
        // SAFETY: takes two numbers; the process leads a group of its own, see `create`.
        if let Err(error) = check(unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, self.pid) }) {
            log::debug!("cannot send Ctrl-Break to process {}: {error}", self.pid);
        }
    }

    /// Ends this process alone.
    pub(super) fn end(&self) {
        // SAFETY: the handle is open; a process that has ended refuses.
        unsafe { TerminateProcess(self.handle.as_raw_handle(), 1) };
    }
}

/// A call that comes once, on a thread of the system's pool, when a process has ended.
pub(super) struct Wait {
    raw: HANDLE,
    tell: *mut Box<dyn Fn() + Send>,
}

impl Wait {
    pub(super) fn new(child: &Child, tell: impl Fn() + Send + 'static) -> io::Result<Self> {
        let tell: *mut Box<dyn Fn() + Send> = Box::into_raw(Box::new(Box::new(tell)));
        let mut raw = ptr::null_mut();
        let handle = child.handle.as_raw_handle();
        // SAFETY: the handle stays open, and `tell` is freed, only after the wait was taken back.
        let result = unsafe {
            let context = tell.cast::<c_void>().cast_const();
            let flags = WT_EXECUTEONLYONCE;
            RegisterWaitForSingleObject(&mut raw, handle, Some(call), context, INFINITE, flags)
        };
        let wait = Self { raw, tell };
        check(result)?;
        Ok(wait)
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if !self.raw.is_null() {
            // SAFETY: waits until no call is under way; it is made once.
            unsafe { UnregisterWaitEx(self.raw, INVALID_HANDLE_VALUE) };
        }
        // SAFETY: made by `Box::into_raw`, and no call comes any more.
        drop(unsafe { Box::from_raw(self.tell) });
    }
}

unsafe extern "system" fn call(context: *mut c_void, _: bool) {
    // SAFETY: the context is the closure that `Wait` keeps.
    unsafe { (*context.cast::<Box<dyn Fn() + Send>>())() };
}
