//! Makes processes by `posix_spawn`, with no signal blocked in them.

use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use libc::{c_char, pid_t, posix_spawnattr_t};

unsafe extern "C" {
    static environ: *const *mut c_char;
}

/// What a process is made of.
#[derive(Debug)]
pub(crate) struct Command(Vec<CString>);

impl Command {
    /// A program's path and arguments, of which there must be one at least.
    pub(crate) fn new(words: &[&str]) -> io::Result<Self> {
        let words: Result<Vec<_>, _> = words.iter().map(|word| CString::new(*word)).collect();
        let words = words?;
        if words.is_empty() { Err(io::Error::other("a service is empty")) } else { Ok(Self(words)) }
    }

    /// Starts it; may be called by several threads.
    pub(crate) fn spawn(&self, how: &Attributes) -> io::Result<pid_t> {
        let mut words: Vec<*mut c_char> =
            self.0.iter().map(|word| word.as_ptr().cast_mut()).chain([ptr::null_mut()]).collect();
        let mut pid = 0;
        let program = words[0];
        // SAFETY: all strings end in zero, all lists in null, and all outlive the call.
        let error = unsafe {
            libc::posix_spawn(
                &raw mut pid,
                program,
                ptr::null(),
                &raw const how.0,
                words.as_mut_ptr(),
                environ,
            )
        };
        if error == 0 { Ok(pid) } else { Err(io::Error::from_raw_os_error(error)) }
    }
}

/// How processes are made.
pub(crate) struct Attributes(posix_spawnattr_t);

impl Attributes {
    /// With no signal blocked.
    pub(crate) fn new() -> Self {
        let mut attributes = MaybeUninit::uninit();
        let mut none = MaybeUninit::uninit();
        let flags = i16::try_from(libc::POSIX_SPAWN_SETSIGMASK).unwrap_or_default();
        // SAFETY: each is initialised before it is used.
        unsafe {
            libc::sigemptyset(none.as_mut_ptr());
            libc::posix_spawnattr_init(attributes.as_mut_ptr());
            libc::posix_spawnattr_setsigmask(attributes.as_mut_ptr(), none.as_ptr());
            libc::posix_spawnattr_setflags(attributes.as_mut_ptr(), flags);
            Self(attributes.assume_init())
        }
    }
}

// SAFETY: after it was made it is only read.
unsafe impl Sync for Attributes {}
