//! The completion port that jobs tell when they have emptied, and the thread that listens to it.

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr,
    sync::Arc,
    thread,
};

use windows_sys::Win32::{
    Foundation::{HANDLE, INVALID_HANDLE_VALUE},
    System::{
        IO::{CreateIoCompletionPort, GetQueuedCompletionStatus, PostQueuedCompletionStatus},
        SystemServices::JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO,
        Threading::INFINITE,
    },
};

/// The message that ends the thread; no job sends it.
const CLOSE: u32 = u32::MAX;

/// The port; its thread ends with the last of its users but one.
pub(super) struct Port(OwnedHandle);

impl Port {
    /// Makes the port, and the thread that calls `tell` with the key of each job that emptied.
    pub(super) fn open(tell: impl Fn(u64) + Send + 'static) -> io::Result<Arc<Self>> {
        // SAFETY: makes a port with no file.
        let raw = unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, ptr::null_mut(), 0, 1) };
        if raw.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just made, and nobody else knows it.
        let port = Arc::new(Self(unsafe { OwnedHandle::from_raw_handle(raw) }));
        let listener = Arc::clone(&port);
        let listen = move || {
            while let Some((message, key)) = listener.next() {
                if message == JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO {
                    tell(key);
                }
            }
        };
        thread::Builder::new().name("jobs".into()).stack_size(64 * 1024).spawn(listen)?;
        Ok(port)
    }

    /// Ends the thread.
    pub(super) fn close(&self) {
        // SAFETY: the port is open; the message points to nothing.
        unsafe { PostQueuedCompletionStatus(self.raw(), CLOSE, 0, ptr::null()) };
    }

    pub(super) fn raw(&self) -> HANDLE {
        self.0.as_raw_handle()
    }

    fn next(&self) -> Option<(u32, u64)> {
        let (mut message, mut key, mut detail) = (0, 0, ptr::null_mut());
        // SAFETY: the three places are live; the detail is a pid and is not followed.
        let got = unsafe {
            GetQueuedCompletionStatus(self.raw(), &mut message, &mut key, &mut detail, INFINITE)
        };
        (got != 0 && message != CLOSE).then_some((message, key as u64))
    }
}
