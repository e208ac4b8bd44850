//! Time as a value: what the clock said, never the clock itself.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// Monotonic time since the machine booted, in nanoseconds; it goes on while it sleeps, and every
/// daemon of one boot counts the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// The moment that long after the boot; 584 years at most.
    #[must_use]
    pub fn after(elapsed: Duration) -> Self {
        Self(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
    }

    /// How long after the boot.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        Duration::from_nanos(self.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, length: Duration) -> Self {
        Self(self.0.saturating_add(Self::after(length).0))
    }
}

impl Sub for Moment {
    type Output = Duration;

    /// The time between, or zero when `earlier` is later.
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.elapsed())
    }
}
