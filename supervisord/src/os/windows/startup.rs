//! What a new process is given to begin with: its three streams, and no other open handle of ours.

use std::{io, ptr};

use windows_sys::Win32::{
    Foundation::HANDLE,
    System::Threading::{
        DeleteProcThreadAttributeList, InitializeProcThreadAttributeList,
        PROC_THREAD_ATTRIBUTE_HANDLE_LIST, STARTF_USESTDHANDLES, STARTUPINFOEXW, STARTUPINFOW,
        UpdateProcThreadAttribute,
    },
};

use super::{check, streams::Streams};

/// The system's structure with all it points to; boxed, since it must not move.
pub(super) struct Startup(Box<Parts>);

struct Parts {
    info: STARTUPINFOEXW,
    inherited: [HANDLE; 3],
    /// The attribute list, in words so that it is aligned.
    list: Vec<usize>,
    is_listed: bool,
}

impl Startup {
    /// For a process with these streams, which must stay open until it is made.
    pub(super) fn new(streams: &Streams) -> io::Result<Self> {
        let inherited = streams.raw();
        let [input, output, error] = inherited;
        let startup = STARTUPINFOW {
            cb: size_of::<STARTUPINFOEXW>() as u32,
            dwFlags: STARTF_USESTDHANDLES,
            hStdInput: input,
            hStdOutput: output,
            hStdError: error,
            ..STARTUPINFOW::default()
        };
        let mut size = 0;
        // SAFETY: without a list it only tells the size of one, and counts as failed.
        unsafe { InitializeProcThreadAttributeList(ptr::null_mut(), 1, 0, &mut size) };
        let list = vec![0; size.div_ceil(size_of::<usize>())];
        let info = STARTUPINFOEXW { StartupInfo: startup, lpAttributeList: ptr::null_mut() };
        let mut parts = Box::new(Parts { info, inherited, list, is_listed: false });
        let raw = parts.list.as_mut_ptr().cast();
        // SAFETY: the list is as large as was asked for.
        check(unsafe { InitializeProcThreadAttributeList(raw, 1, 0, &mut size) })?;
        parts.is_listed = true;
        parts.info.lpAttributeList = raw;
        // SAFETY: the handles lie in the same box as the list, and live as long.
        check(unsafe {
            UpdateProcThreadAttribute(
                raw,
                0,
                PROC_THREAD_ATTRIBUTE_HANDLE_LIST as usize,
                parts.inherited.as_ptr().cast(),
                size_of_val(&parts.inherited),
                ptr::null_mut(),
                ptr::null(),
            )
        })?;
        Ok(Self(parts))
    }

    /// As `CreateProcessW` takes it.
    pub(super) fn raw(&self) -> *const STARTUPINFOW {
        (&raw const self.0.info).cast()
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if self.is_listed {
            // SAFETY: it was initialised, and is deleted once.
            unsafe { DeleteProcThreadAttributeList(self.list.as_mut_ptr().cast()) };
        }
    }
}
