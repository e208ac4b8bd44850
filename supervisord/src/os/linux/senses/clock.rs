//! Time on Linux: a clock that goes on while the machine sleeps, an alarm on it, and the news that
//! the wall clock was set.

use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use tokio::io::Interest;

use crate::os::unix::Sensor;

/// The time since the machine was booted, suspends included.
#[must_use]
pub fn since_boot() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live timespec; every kernel that has timers knows the clock.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The file the machine's zone is in; none when the daemon's environment sets it for good.
#[must_use]
pub fn zone_file() -> Option<&'static Path> {
    std::env::var_os("TZ").is_none().then(|| Path::new("/etc/localtime"))
}

/// Rings at a time given as [`since_boot`] tells it, also when that passed during a suspend.
#[derive(Debug)]
pub struct Alarm {
    timer: Sensor,
    /// What the kernel was told last, so that it is told only what is new.
    set: Cell<Option<Duration>>,
}

impl Alarm {
    /// One that is not set.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        Ok(Self { timer: timer(libc::CLOCK_BOOTTIME)?, set: Cell::new(None) })
    }

    /// Returns at that time, or never; may be dropped and called again without loss.
    pub async fn ring(&self, at: Option<Duration>) {
        if self.set.get() != at {
            // Zero would mean off.
            let at = at.map(|at| at.max(Duration::from_nanos(1)));
            set(&self.timer, at.unwrap_or_default(), libc::TFD_TIMER_ABSTIME);
            self.set.set(at);
        }
        if at.is_none() {
            std::future::pending::<()>().await;
        }
        loop {
            self.timer.ready(Interest::READABLE).await;
            if !self.timer.drain(expirations).is_empty() {
                self.set.set(None);
                return;
            }
        }
    }
}

/// Tells when somebody sets the wall clock.
#[derive(Debug)]
pub struct ClockSet(Sensor);

impl ClockSet {
    /// Watches from now on.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let watch = Self(timer(libc::CLOCK_REALTIME)?);
        watch.arm();
        Ok(watch)
    }

    /// Returns when it was set; may be dropped and called again without loss.
    pub async fn changed(&self) {
        loop {
            self.0.ready(Interest::READABLE).await;
            let mut is_cancelled = false;
            self.0.drain(|timer| {
                let read = expirations(timer);
                is_cancelled |= Errno::last() == Errno::ECANCELED && read.is_err();
                read
            });
            if is_cancelled {
                // The kernel goes on watching only when it is told again.
                self.arm();
                return;
            }
        }
    }

    /// A time that never comes, which the kernel cancels when the clock is set.
    fn arm(&self) {
        let never = Duration::from_secs(i64::MAX.unsigned_abs() / 2_000_000_000);
        set(&self.0, never, libc::TFD_TIMER_ABSTIME | libc::TFD_TIMER_CANCEL_ON_SET);
    }
}

fn timer(clock: libc::clockid_t) -> io::Result<Sensor> {
    // SAFETY: a plain system call.
    let timer = unsafe { libc::timerfd_create(clock, libc::TFD_CLOEXEC | libc::TFD_NONBLOCK) };
    let timer = Errno::result(timer)?;
    // SAFETY: the kernel has just made the descriptor, and nobody else knows it.
    Sensor::readable(unsafe { OwnedFd::from_raw_fd(timer) })
}

fn set(timer: &Sensor, at: Duration, flags: libc::c_int) {
    let value = libc::timespec {
        tv_sec: libc::time_t::try_from(at.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(at.subsec_nanos() as i32),
    };
    let zero = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let setting = libc::itimerspec { it_interval: zero, it_value: value };
    let descriptor = timer.as_fd().as_raw_fd();
    // SAFETY: the setting is live; the old one is not asked for.
    unsafe { libc::timerfd_settime(descriptor, flags, &raw const setting, std::ptr::null_mut()) };
}

/// How often the timer fired since it was last read.
fn expirations(timer: std::os::fd::BorrowedFd<'_>) -> io::Result<()> {
    let mut count = [0; 8];
    nix::unistd::read(timer, &mut count)?;
    Ok(())
}
