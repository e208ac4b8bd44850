//! The one place where the daemon reads the time.

use std::fs;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::{self, TimeZone};
use supervisor_core::{Moment, Wall};

use crate::os;

/// As it was looked at last.
static ZONE: RwLock<Option<TimeZone>> = RwLock::new(None);

/// Monotonic time since the machine booted, which goes on while it sleeps and means the same to
/// the next daemon, and how it lies to the wall clock's.
#[derive(Debug, Clone, Copy)]
pub struct Clock;

impl Clock {
    /// The present.
    #[must_use]
    pub fn now(self) -> Moment {
        Moment::after(os::since_boot())
    }

    /// A moment, past or future, as the wall clock shows it now; a set clock moves all answers.
    #[must_use]
    pub fn wall(self, moment: Moment) -> Timestamp {
        let wall = present();
        let now = self.now();
        let shifted = if moment < now { wall - (now - moment) } else { wall + (moment - now) };
        shifted.round(jiff::Unit::Millisecond).unwrap_or(shifted)
    }

    /// What the wall clock shows now.
    #[must_use]
    pub fn wall_now(self) -> Timestamp {
        present()
    }

    /// How long it is until so much has passed since that time on the wall; zero when it has.
    #[must_use]
    pub fn until(self, since: Timestamp, length: Duration) -> Duration {
        let end = since.checked_add(length).unwrap_or(Timestamp::MAX);
        Duration::try_from(end.duration_since(present())).unwrap_or_default()
    }

    /// A moment as a clock on the wall shows it here, to the second.
    #[must_use]
    pub fn local(self, moment: Moment) -> String {
        let local = self.wall(moment).to_zoned(zone());
        local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// How the wall clock and the machine's zone are set now.
    #[must_use]
    pub fn setting(self) -> Wall {
        // The wall first: what passes in between makes timers late by that, never early.
        let wall = present();
        let zero = wall.checked_sub(self.now().elapsed()).unwrap_or(Timestamp::UNIX_EPOCH);
        Wall { zero, zone: look_at_zone() }
    }
}

/// The machine's zone.
#[must_use]
pub fn zone() -> TimeZone {
    let known = ZONE.read().unwrap_or_else(PoisonError::into_inner).clone();
    known.unwrap_or_else(look_at_zone)
}

fn look_at_zone() -> TimeZone {
    let zone = zone_in_file().unwrap_or_else(|| {
        tz::reset_system_time_zone_cache();
        TimeZone::system()
    });
    *ZONE.write().unwrap_or_else(PoisonError::into_inner) = Some(zone.clone());
    zone
}

/// Read from the one file that counts: looking its name up among all zones takes longer than
/// everything else at the start of day.
fn zone_in_file() -> Option<TimeZone> {
    let file = os::zone_file()?;
    let place = fs::canonicalize(file).ok()?;
    let name = place.to_str()?.split_once("/zoneinfo/").map_or("local", |(_, name)| name);
    TimeZone::tzif(name, &fs::read(&place).ok()?).ok()
}

#[expect(clippy::disallowed_methods, reason = "this is where time enters")]
fn present() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}
