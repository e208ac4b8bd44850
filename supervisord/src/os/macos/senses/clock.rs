//! Time on macOS: a clock that goes on while the machine sleeps, an alarm on it, and the news that
//! the wall clock was set.

use std::cell::Cell;
use std::ffi::{c_char, c_int};
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent};
use nix::time::{ClockId, clock_gettime};
use tokio::io::Interest;

use crate::os::imp::Queue;
use crate::os::unix::Sensor;

/// The time since the machine booted, sleep included.
#[must_use]
pub fn since_boot() -> Duration {
    // This one goes on in sleep here, other than its name says elsewhere.
    clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default()
}

/// The file the machine's zone is in; none when the daemon's environment sets it for good.
#[must_use]
pub fn zone_file() -> Option<&'static Path> {
    std::env::var_os("TZ").is_none().then(|| Path::new("/etc/localtime"))
}

/// Rings at a time given as [`since_boot`] tells it, also when that passed during a sleep.
#[derive(Debug)]
pub struct Alarm {
    queue: Queue,
    /// What the kernel was told last, so that it is told only what is new.
    set: Cell<Option<Duration>>,
}

impl Alarm {
    /// One that is not set.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        Ok(Self { queue: Queue::new()?, set: Cell::new(None) })
    }

    /// Returns at that time, or never; may be dropped and called again without loss.
    pub async fn ring(&self, at: Option<Duration>) {
        let Some(at) = at else { return std::future::pending().await };
        while let Some(left) = at.checked_sub(since_boot()).filter(|left| !left.is_zero()) {
            if self.set.replace(Some(at)) != Some(at) {
                self.set(left);
            }
            self.queue.ready().await;
            if !self.queue.drain().is_empty() {
                self.set.set(None);
            }
        }
    }

    /// One timer, which goes on in sleep; setting it again replaces it.
    fn set(&self, left: Duration) {
        let flags = EvFlags::EV_ADD | EvFlags::EV_ONESHOT;
        let sleepless = FilterFlag::from_bits_retain(libc::NOTE_MACH_CONTINUOUS_TIME);
        let unit = FilterFlag::NOTE_NSECONDS | sleepless;
        let left = isize::try_from(left.as_nanos()).unwrap_or(isize::MAX);
        let timer = KEvent::new(0, EventFilter::EVFILT_TIMER, flags, unit, left, 0);
        if let Err(error) = self.queue.change(timer) {
            log::error!("cannot set the alarm: {error}");
        }
    }
}

/// Tells when somebody sets the wall clock.
#[derive(Debug)]
pub struct ClockSet {
    news: Sensor,
    _registered: Registered,
}

/// What notifyd was asked for, until it is asked no more.
#[derive(Debug)]
struct Registered(c_int);

impl Drop for Registered {
    fn drop(&mut self) {
        // SAFETY: takes a number.
        unsafe { notify_cancel(self.0) };
    }
}

// From `notify.h`; see notify(3).
unsafe extern "C" {
    fn notify_register_file_descriptor(
        name: *const c_char,
        descriptor: *mut c_int,
        flags: c_int,
        token: *mut c_int,
    ) -> u32;
    fn notify_cancel(token: c_int) -> u32;
}

impl ClockSet {
    /// Watches from now on.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        /// `kNotifyClockSet` of `notify_keys.h`.
        const CLOCK_SET: &std::ffi::CStr = c"com.apple.system.clock_set";
        let (mut descriptor, mut token) = (-1, -1);
        // SAFETY: the name ends in NUL, and both numbers are live.
        let status = unsafe {
            let (descriptor, token) = (&raw mut descriptor, &raw mut token);
            notify_register_file_descriptor(CLOCK_SET.as_ptr(), descriptor, 0, token)
        };
        if status != 0 {
            return Err(io::Error::other(format!("notifyd refuses, with status {status}")));
        }
        let registered = Registered(token);
        // SAFETY: the library keeps it open until the registration is cancelled.
        let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
        fcntl(descriptor, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Self {
            news: Sensor::readable(descriptor.try_clone_to_owned()?)?,
            _registered: registered,
        })
    }

    /// Returns when it was set; may be dropped and called again without loss.
    pub async fn changed(&self) {
        loop {
            self.news.ready(Interest::READABLE).await;
            // A number for each time, which says nothing.
            let mut numbers = [0; 64];
            let read = self.news.drain(|pipe| Ok(nix::unistd::read(pipe, &mut numbers)?));
            if !read.is_empty() {
                return;
            }
        }
    }
}
