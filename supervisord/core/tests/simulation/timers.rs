//! The world's own clocks for the timers of one service.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use supervisor_core::{Cause, Moment, Triggers, Wall, calendar};

/// When the timers of a service have to come.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    interval: Option<Moment>,
    calendar: Option<Due>,
    /// The calendar's latest time that came, until the clock is set back by three hours.
    came: Option<Timestamp>,
}

/// A time of the calendar.
#[derive(Debug, Clone, Copy)]
struct Due {
    time: Timestamp,
    at: Moment,
}

impl Timers {
    pub(crate) fn deadline(&self) -> Option<Moment> {
        let calendar = self.calendar.map(|due| due.at);
        [self.interval, calendar].into_iter().flatten().min()
    }

    /// They run while they may start something.
    pub(crate) fn run(&mut self, triggers: Option<&Triggers>, now: Moment, wall: &Wall) {
        let Some(triggers) = triggers else {
            (self.interval, self.calendar) = (None, None);
            return;
        };
        self.interval = triggers.interval.map(|interval| self.interval.unwrap_or(now + interval));
        if self.calendar.is_none() {
            self.calendar = self.next(triggers, now, wall);
        }
    }

    /// A new definition leaves alone what it does not change.
    pub(crate) fn change(&mut self, old: Option<&Triggers>, new: Option<&Triggers>) {
        let Some((old, new)) = old.zip(new) else {
            return *self = Self::default();
        };
        self.interval = self.interval.filter(|_| old.interval == new.interval);
        self.calendar = self.calendar.filter(|_| old.calendar == new.calendar);
    }

    /// Those that are due come, however often they were missed, once.
    pub(crate) fn come(
        &mut self,
        triggers: Option<&Triggers>,
        now: Moment,
        wall: &Wall,
    ) -> Option<Cause> {
        let triggers = triggers?;
        let mut cause = None;
        let interval = triggers.interval.unwrap_or(Duration::MAX);
        while let Some(at) = self.interval.filter(|at| *at <= now) {
            self.interval = Some(at + interval);
            cause = Some(Cause::Interval);
        }
        if let Some(due) = self.calendar.filter(|due| due.at <= now) {
            assert!(self.came.is_none_or(|came| came < due.time), "{:?} came twice", due.time);
            self.came = Some(due.time);
            self.calendar = self.next(triggers, now, wall);
            cause = Some(Cause::Calendar);
        }
        cause
    }

    /// The clock was set.
    pub(crate) fn set_wall(&mut self, triggers: Option<&Triggers>, now: Moment, wall: &Wall) {
        let present = wall.at(now);
        if self
            .came
            .is_some_and(|came| SignedDuration::from_hours(3) <= came.duration_since(present))
        {
            self.came = None;
        }
        if let Some((due, triggers)) = self.calendar.zip(triggers) {
            self.calendar = match due.time <= present {
                true => Some(Due { at: now, ..due }),
                false => self.next(triggers, now, wall),
            };
        }
    }

    fn next(&self, triggers: &Triggers, now: Moment, wall: &Wall) -> Option<Due> {
        let after = self.came.into_iter().chain([wall.at(now)]).max()?;
        let time = calendar::next_of(&triggers.calendar, after, &wall.zone)?;
        Some(Due { time, at: wall.moment(time) })
    }
}
