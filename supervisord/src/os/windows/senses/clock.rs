//! Time on Windows: the standard library's clock, which goes on while the machine sleeps, and what
//! the service control manager tells of sleeps and of clocks that were set.
//!
//! A daemon that is no service is told neither; what fell due in a sleep is late by it then.

use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use windows_sys::Win32::System::SystemInformation::GetTickCount64;

/// The machine woke up: timers have stood still.
static WOKEN: Notify = Notify::const_new();

/// Somebody set the clock.
static SET: Notify = Notify::const_new();

/// The time since the machine booted, suspends included.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where the clock's time comes from")]
pub fn since_boot() -> Duration {
    // The count since boot is coarse; the fine one does not tell when it began.
    static BEGAN: OnceLock<(Duration, Instant)> = OnceLock::new();
    let (before, began) = BEGAN.get_or_init(|| {
        // SAFETY: it takes nothing and always works.
        (Duration::from_millis(unsafe { GetTickCount64() }), Instant::now())
    });
    *before + began.elapsed()
}

/// The zone is no file here; a change of it is told as one of the clock.
#[must_use]
pub fn zone_file() -> Option<&'static Path> {
    None
}

/// Tells that the machine was asleep.
pub(in crate::os) fn tell_woken() {
    WOKEN.notify_one();
}

/// Tells that the clock was set.
pub(in crate::os) fn tell_set() {
    SET.notify_one();
}

/// Rings at a time given as [`since_boot`] tells it.
#[derive(Debug)]
pub struct Alarm;

impl Alarm {
    /// One that is not set.
    ///
    /// # Errors
    /// None here.
    pub fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Returns at that time, or never; may be dropped and called again without loss.
    pub async fn ring(&self, at: Option<Duration>) {
        let Some(at) = at else { return std::future::pending().await };
        while let Some(left) = at.checked_sub(since_boot()).filter(|left| !left.is_zero()) {
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = WOKEN.notified() => {}
            }
        }
    }
}

/// Tells when somebody sets the wall clock.
#[derive(Debug)]
pub struct ClockSet;

impl ClockSet {
    /// Watches from now on.
    ///
    /// # Errors
    /// None here.
    pub fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Returns when it was set; may be dropped and called again without loss.
    pub async fn changed(&self) {
        SET.notified().await;
    }
}
