//! The wall clock as data: how it lies to the monotonic one, and the machine's time zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::moment::Moment;

/// What a clock on the wall would show; told anew whenever it is set or the zone changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wall {
    /// The wall time of [`Moment`] zero, as the clocks lie now.
    pub zero: Timestamp,
    /// The zone that calendars are read in.
    pub zone: TimeZone,
}

impl Wall {
    /// The wall time of a moment.
    #[must_use]
    pub fn at(&self, moment: Moment) -> Timestamp {
        self.zero.checked_add(moment.elapsed()).unwrap_or(Timestamp::MAX)
    }

    /// The moment of a wall time; what was before the boot becomes that.
    #[must_use]
    pub fn moment(&self, wall: Timestamp) -> Moment {
        let elapsed = wall.duration_since(self.zero);
        Moment::after(elapsed.try_into().unwrap_or_default())
    }
}

impl Default for Wall {
    fn default() -> Self {
        Self { zero: Timestamp::UNIX_EPOCH, zone: TimeZone::UTC }
    }
}
