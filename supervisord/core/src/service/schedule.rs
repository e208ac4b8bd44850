//! What is pending of a service's triggers: its timers, and which levels hold.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::calendar;
use crate::moment::Moment;
use crate::past::Timers;
use crate::service::Cause;
use crate::trigger::Triggers;
use crate::wall::Wall;

/// A clock set back by less does not make calendars fire twice (cron's rule, in hours).
const REPEATED_HOURS_MAX: i64 = 3;

/// The pending side of [`Triggers`].
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    interval_at: Option<Moment>,
    /// Kept as wall time, which is what it means when the clock is set.
    calendar_at: Option<Timestamp>,
    calendar_moment: Option<Moment>,
    /// The latest time of the calendar that came; none up to it comes again.
    fired: Option<Timestamp>,
    holds: Vec<bool>,
}

impl Schedule {
    pub(super) fn new(triggers: &Triggers) -> Self {
        Self { holds: vec![false; triggers.levels.len()], ..Self::default() }
    }

    /// What is pending, for the next daemon.
    pub(super) fn timers(&self) -> Timers {
        Timers { interval: self.interval_at, calendar: self.calendar_at, came: self.fired }
    }

    /// Goes on with what was pending under an earlier daemon, as far as these triggers have it.
    pub(super) fn recall(&mut self, timers: Timers, triggers: &Triggers, now: Moment, wall: &Wall) {
        self.fired = timers.came;
        if let (Some(at), Some(interval)) = (timers.interval, triggers.interval) {
            self.interval_at = Some(at.min(now + interval));
        }
        // One that lies ahead is looked up anew: the definition may have changed.
        if let Some(at) = timers.calendar
            && at <= wall.at(now)
            && !triggers.calendar.is_empty()
        {
            (self.calendar_at, self.calendar_moment) = (Some(at), Some(now));
        }
    }

    /// Forgets what the triggers before these had pending; what both have goes on undisturbed.
    pub(super) fn change(&mut self, old: &Triggers, new: &Triggers) {
        if old.interval != new.interval {
            self.interval_at = None;
        }
        if old.calendar != new.calendar {
            (self.calendar_at, self.calendar_moment) = (None, None);
        }
        if old.levels != new.levels {
            self.holds = vec![false; new.levels.len()];
        }
    }

    /// When a timer is due.
    pub(super) fn deadline(&self) -> Option<Moment> {
        [self.interval_at, self.calendar_moment].into_iter().flatten().min()
    }

    /// Starts timers that do not run yet.
    pub(super) fn arm(&mut self, triggers: &Triggers, now: Moment, wall: &Wall) {
        if let (None, Some(interval)) = (self.interval_at, triggers.interval) {
            self.interval_at = Some(now + interval);
        }
        if self.calendar_at.is_none() {
            self.set_calendar(triggers, now, wall);
        }
    }

    /// Stops all timers.
    pub(super) fn disarm(&mut self) {
        self.interval_at = None;
        (self.calendar_at, self.calendar_moment) = (None, None);
    }

    /// The timer that is due, moved on to its next time; however many times it missed, once.
    pub(super) fn fire(&mut self, triggers: &Triggers, now: Moment, wall: &Wall) -> Option<Cause> {
        let mut cause = None;
        if let (Some(at), Some(interval)) = (self.interval_at, triggers.interval)
            && at <= now
        {
            self.interval_at = Some(next_interval(at, interval, now));
            cause = Some(Cause::Interval);
        }
        if self.calendar_moment.is_some_and(|at| at <= now) {
            self.fired = self.calendar_at;
            self.set_calendar(triggers, now, wall);
            cause = Some(Cause::Calendar);
        }
        cause
    }

    /// The clock was set or the zone changed. A time that the clock jumped over is due at once.
    pub(super) fn set_wall(&mut self, triggers: &Triggers, now: Moment, wall: &Wall) {
        let present = wall.at(now);
        let repeated = SignedDuration::from_hours(REPEATED_HOURS_MAX);
        self.fired = self.fired.filter(|fired| fired.duration_since(present) < repeated);
        match self.calendar_at {
            None => {}
            Some(at) if at <= present => self.calendar_moment = Some(now),
            Some(_) => self.set_calendar(triggers, now, wall),
        }
    }

    pub(super) fn set_level(&mut self, level: u16, holds: bool) {
        if let Some(held) = self.holds.get_mut(usize::from(level)) {
            *held = holds;
        }
    }

    /// The first level that holds.
    pub(super) fn held(&self) -> Option<u16> {
        self.holds.iter().position(|holds| *holds).and_then(|level| u16::try_from(level).ok())
    }

    fn set_calendar(&mut self, triggers: &Triggers, now: Moment, wall: &Wall) {
        let present = wall.at(now);
        let after = self.fired.map_or(present, |fired| fired.max(present));
        self.calendar_at = calendar::next_of(&triggers.calendar, after, &wall.zone);
        self.calendar_moment = self.calendar_at.map(|at| wall.moment(at));
    }
}

/// The first multiple that lies ahead.
fn next_interval(at: Moment, interval: Duration, now: Moment) -> Moment {
    let missed = (now - at).as_nanos() / interval.as_nanos().max(1);
    let steps = u32::try_from(missed).unwrap_or(u32::MAX).saturating_add(1);
    at + interval.saturating_mul(steps)
}
