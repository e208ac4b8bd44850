//! Tells of file systems that were mounted or unmounted, by a kqueue, and the kernel's list.

use std::collections::HashSet;
use std::ffi::{CStr, OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use libc::c_char;
use nix::errno::Errno;
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent};

use crate::os::imp::Queue;

/// The list of mounts as it was last seen: what is mounted, and where.
#[derive(Debug)]
pub struct Mounts {
    queue: Queue,
    known: HashSet<(OsString, PathBuf)>,
}

/// How the list changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// Where something was mounted.
    pub mounted: Vec<PathBuf>,
    /// Where something was unmounted.
    pub unmounted: Vec<PathBuf>,
}

impl Mounts {
    /// Begins with what is mounted now.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        /// `VQ_MOUNT` and `VQ_UNMOUNT` of `sys/mount.h`.
        const MOUNT_OR_UNMOUNT: u32 = 0x0008 | 0x0010;
        let (filter, flags) = (EventFilter::EVFILT_FS, EvFlags::EV_ADD | EvFlags::EV_CLEAR);
        let what = FilterFlag::from_bits_retain(MOUNT_OR_UNMOUNT);
        let queue = Queue::new()?;
        queue.change(KEvent::new(0, filter, flags, what, 0, 0))?;
        Ok(Self { queue, known: read()? })
    }

    /// Waits for a change; may be dropped and called again without loss.
    pub async fn changed(&self) {
        self.queue.ready().await;
    }

    /// What changed since it was last asked.
    pub fn changes(&mut self) -> Changes {
        // Before the list is read: what comes after that is told again.
        self.queue.drain();
        let Ok(now) = read() else { return Changes::default() };
        let before = std::mem::replace(&mut self.known, now);
        let places = |mount: &(OsString, PathBuf)| mount.1.clone();
        Changes {
            mounted: self.known.difference(&before).map(places).collect(),
            unmounted: before.difference(&self.known).map(places).collect(),
        }
    }
}

fn read() -> io::Result<HashSet<(OsString, PathBuf)>> {
    let mut list: Vec<libc::statfs> = Vec::with_capacity(64);
    loop {
        let bytes = i32::try_from(list.capacity() * size_of::<libc::statfs>());
        let bytes = bytes.map_err(io::Error::other)?;
        // SAFETY: the room is that large, and what is said to be filled is.
        unsafe {
            let count = libc::getfsstat(list.as_mut_ptr(), bytes, libc::MNT_NOWAIT);
            list.set_len(Errno::result(count)?.unsigned_abs() as usize);
        }
        // When it is full, not all of them may have found room.
        if list.len() < list.capacity() {
            return Ok(list.iter().map(mount).collect());
        }
        list.reserve(list.capacity() * 2);
    }
}

fn mount(mount: &libc::statfs) -> (OsString, PathBuf) {
    (text(&mount.f_mntfromname), text(&mount.f_mntonname).into())
}

fn text(name: &[c_char]) -> OsString {
    // SAFETY: the kernel ends each with NUL, within its room.
    OsStr::from_bytes(unsafe { CStr::from_ptr(name.as_ptr()) }.to_bytes()).to_owned()
}
