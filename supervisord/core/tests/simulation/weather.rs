//! What nobody asks for: triggers, levels, sleep, and clocks on the wall, near the hours that clock
//! changes leave out or repeat.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use supervisor_core::{Cause, Event, Level, ServiceId, Wall};

use crate::random::Random;
use crate::reasons::levels;
use crate::world::{Happening, World};

const ZONES: [&str; 4] = [
    "CET-1CEST,M3.5.0,M10.5.0/3",
    "EST5EDT,M3.2.0,M11.1.0",
    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
    "UTC0",
];

/// Moments at which one of the zones changes its clock.
const CHANGES: [&str; 6] = [
    "2026-03-29T01:00Z",
    "2026-10-25T01:00Z",
    "2026-03-08T07:00Z",
    "2026-11-01T06:00Z",
    "2026-10-03T15:30Z",
    "2026-04-04T15:00Z",
];

/// The clock of a new world.
pub(crate) fn first(random: &mut Random) -> Wall {
    let change: Timestamp = random.pick(&CHANGES).parse().expect("a time");
    let before = random.up_to(7_200_000);
    Wall { zero: change - before, zone: zone(random) }
}

fn zone(random: &mut Random) -> TimeZone {
    TimeZone::posix(random.pick(&ZONES)).expect("a zone")
}

impl World {
    /// One of them, mostly about that service.
    pub(crate) fn nature_acts(&mut self, service: ServiceId) {
        match self.random.below(100) {
            0..40 => {
                let cause = self.random.pick(&[Cause::Watch, Cause::Mount, Cause::Socket]);
                self.handle(Event::Trigger { service, cause });
            }
            40..75 => {
                let levels = self.services.get(&service).map_or(0, |one| one.told_levels.len());
                let level = self.random.below(levels as u64 + 1);
                let level = u16::try_from(level).expect("few levels");
                let holds = self.random.chance(50);
                if !self.is_about_others(service, level) {
                    self.handle(Event::Level { service, level, holds });
                }
            }
            75..88 => self.set_wall(),
            88..94 => self.sleep(),
            _ if self.is_shutting_down => {}
            _ => self.kill_daemon(),
        }
    }

    fn is_about_others(&self, service: ServiceId, level: u16) -> bool {
        let known = self.services.get(&service);
        let level = known.and_then(|known| levels(&known.policy).get(usize::from(level)));
        matches!(level, Some(Level::OtherLoaded { .. } | Level::OtherActive { .. }))
    }

    /// Somebody sets the clock, or travels.
    pub(crate) fn set_wall(&mut self) {
        let mut wall = self.wall.clone();
        if self.random.chance(30) {
            wall.zone = zone(&mut self.random);
        } else {
            let most = self.random.pick(&[100, 60_000, 7_200_000, 14_400_000, 200_000_000]);
            let by = SignedDuration::try_from(self.random.up_to(most)).expect("days");
            wall.zero = if self.random.chance(50) { wall.zero + by } else { wall.zero - by };
        }
        self.handle(Event::Wall(wall));
    }

    /// The machine sleeps: nothing happens but that time passes.
    pub(crate) fn sleep(&mut self) {
        let most = self.random.pick(&[5000, 600_000, 200_000_000]);
        let length = self.random.up_to(most);
        self.now = self.now + length;
        self.woke = self.now;
        self.people.sleep(length);
        let future = std::mem::take(&mut self.future);
        let later = |((moment, number), happening): ((_, u64), Happening)| {
            ((moment + length, number), happening)
        };
        self.future = future.into_iter().map(later).collect();
        self.timer = self.timer.map(|(deadline, wakes)| (deadline, wakes.max(self.now)));
    }

    /// A first pause in which the world gets going.
    pub(crate) fn pause(&mut self) -> Duration {
        let pause = self.random.pick(&[0, 0, 10, 1000, 6000]);
        self.random.up_to(pause)
    }
}
