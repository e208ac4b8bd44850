//! One process: its handle, how it ended, and the wait that tells its end.

use std::{
    ffi::c_void,
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr,
};

use supervisor_core::Exit;
use windows_sys::Win32::{
    Foundation::{FILETIME, HANDLE, INVALID_HANDLE_VALUE, WAIT_TIMEOUT},
    Storage::FileSystem::SYNCHRONIZE,
    System::Threading::{
        GetExitCodeProcess, GetProcessTimes, INFINITE, OpenProcess, PROCESS_NAME_WIN32,
        PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_TERMINATE, QueryFullProcessImageNameW,
        RegisterWaitForSingleObject, TerminateProcess, UnregisterWaitEx, WT_EXECUTEONLYONCE,
        WaitForSingleObject,
    },
};

use super::{check, tree::Tree};

/// A process that was let run, and the tree it is in.
pub(in crate::os) struct Child {
    pub(in crate::os) process: Process,
    pub(in crate::os) tree: Tree,
}

/// A process; as long as this is there its number is nobody else's.
pub(in crate::os) struct Process {
    handle: OwnedHandle,
    pub(in crate::os) pid: u32,
}

impl Process {
    pub(in crate::os) fn new(handle: OwnedHandle, pid: u32) -> Self {
        Self { handle, pid }
    }

    /// The process of that number, if there is one that may be watched and ended.
    pub(in crate::os) fn open(pid: u32) -> Option<Self> {
        let access = SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE;
        // SAFETY: takes numbers.
        let raw = unsafe { OpenProcess(access, 0, pid) };
        if raw.is_null() {
            return None;
        }
        // SAFETY: just made, and nobody else knows it.
        Some(Self { handle: unsafe { OwnedHandle::from_raw_handle(raw) }, pid })
    }

    /// How it ended, once it has.
    pub(in crate::os) fn exit(&self) -> Exit {
        let mut code = 0;
        // SAFETY: the handle is open and the place is live.
        match check(unsafe { GetExitCodeProcess(self.raw(), &mut code) }) {
            Ok(()) => Exit::Code(code),
            Err(_) => Exit::Unknown,
        }
    }

    pub(in crate::os) fn is_alive(&self) -> bool {
        // SAFETY: the handle is open; returns at once.
        unsafe { WaitForSingleObject(self.raw(), 0) == WAIT_TIMEOUT }
    }

    /// Returns when it has ended.
    pub(in crate::os) fn wait(&self) {
        // SAFETY: the handle is open.
        unsafe { WaitForSingleObject(self.raw(), INFINITE) };
    }

    /// When it was made, in units of 100 ns since 1601; with the pid it names the process.
    pub(in crate::os) fn created(&self) -> Option<u64> {
        let mut times = [FILETIME::default(); 4];
        let [made, ended, kernel, user] = &mut times;
        // SAFETY: the handle is open and the four places are live.
        check(unsafe { GetProcessTimes(self.raw(), made, ended, kernel, user) }).ok()?;
        Some(u64::from(times[0].dwHighDateTime) << 32 | u64::from(times[0].dwLowDateTime))
    }

    /// It is what Windows starts beside a program to be its console.
    pub(in crate::os) fn is_console_host(&self) -> bool {
        let ending = r"\system32\conhost.exe";
        self.image().is_some_and(|path| path.to_ascii_lowercase().ends_with(ending))
    }

    /// The path of its program.
    pub(in crate::os) fn image(&self) -> Option<String> {
        let mut path = [0_u16; 512];
        let mut length = path.len() as u32;
        // SAFETY: the handle is open, and buffer and length are live.
        let asked = check(unsafe {
            let form = PROCESS_NAME_WIN32;
            QueryFullProcessImageNameW(self.raw(), form, path.as_mut_ptr(), &mut length)
        });
        let path = path.get(..length as usize).filter(|_| asked.is_ok())?;
        Some(String::from_utf16_lossy(path))
    }

    /// Ends this process alone.
    pub(in crate::os) fn end(&self) {
        // SAFETY: the handle is open; a process that has ended refuses.
        unsafe { TerminateProcess(self.raw(), 1) };
    }

    /// Another handle of it, which keeps its number from being given away.
    pub(in crate::os) fn hold(&self) -> io::Result<OwnedHandle> {
        self.handle.try_clone()
    }

    pub(in crate::os) fn raw(&self) -> HANDLE {
        self.handle.as_raw_handle()
    }
}

/// A call that comes once, on a thread of the system's pool, when a process has ended.
pub(in crate::os) struct Wait {
    raw: HANDLE,
    tell: *mut Box<dyn Fn() + Send>,
    /// Open as long as it is waited on.
    _handle: OwnedHandle,
}

impl Wait {
    /// Waits for the end of a process.
    pub(in crate::os) fn new(
        process: &Process,
        tell: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        Self::on(process.hold()?, INFINITE, Box::new(tell))
    }

    /// Waits until a time has passed, given as milliseconds.
    pub(in crate::os) fn pause(time: u32, tell: impl Fn() + Send + 'static) -> io::Result<Self> {
        // A process that does not end before the daemon does: its own.
        let own = Process::open(std::process::id()).ok_or_else(io::Error::last_os_error)?;
        Self::on(own.handle, time, Box::new(tell))
    }

    fn on(handle: OwnedHandle, time: u32, tell: Box<dyn Fn() + Send>) -> io::Result<Self> {
        let tell: *mut Box<dyn Fn() + Send> = Box::into_raw(Box::new(tell));
        let mut raw = ptr::null_mut();
        // SAFETY: the handle stays open, and `tell` is freed, only after the wait was taken back.
        let result = unsafe {
            let context = tell.cast::<c_void>().cast_const();
            let (object, flags) = (handle.as_raw_handle(), WT_EXECUTEONLYONCE);
            RegisterWaitForSingleObject(&mut raw, object, Some(call), context, time, flags)
        };
        let wait = Self { raw, tell, _handle: handle };
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
