//! After which ends a service is started again and how soon, where its definition says more than
//! `KeepAlive` and `ThrottleInterval` can.

use std::collections::VecDeque;
use std::time::Duration;

use protocol::definition;

pub use protocol::definition::RestartOn;

use crate::moment::Moment;
use crate::policy::LastRun;
use crate::run::Exit;

/// Our own `Restart`: it stands in the place of what `KeepAlive` says about ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restart {
    /// Which ends lead to a restart.
    pub on: RestartOn,
    /// Exit codes that are successes beside 0.
    pub successes: Box<[u32]>,
    /// Exit codes after which it is never started again by itself.
    pub never: Box<[u32]>,
    /// Numbers of signals by which to die is a success.
    pub signals: Box<[i32]>,
}

impl Restart {
    /// As the definition says, with numbers of signals as this system has them.
    pub(crate) fn of(
        given: &definition::Restart,
        signal_number: impl Fn(&str) -> Option<i32>,
    ) -> Self {
        Self {
            on: given.on,
            successes: codes(&given.success_exit_codes),
            never: codes(&given.never_exit_codes),
            signals: given.signals.iter().filter_map(|name| signal_number(name)).collect(),
        }
    }

    /// Another run is due after this one.
    pub(crate) fn follows(&self, last: LastRun) -> bool {
        let LastRun::Exit { exit, .. } = last else {
            return matches!(self.on, RestartOn::Always | RestartOn::Failure);
        };
        match self.on {
            _ if matches!(exit, Exit::Code(code) if self.never.contains(&code)) => false,
            RestartOn::Always => true,
            RestartOn::Failure => !self.is_success(exit),
            RestartOn::Success => self.is_success(exit),
            RestartOn::Abnormal => !self.is_success(exit) && !is_told(exit),
            RestartOn::Never => false,
        }
    }

    pub(crate) fn is_success(&self, exit: Exit) -> bool {
        match exit {
            Exit::Code(code) => code == 0 || self.successes.contains(&code),
            Exit::Signal { number, .. } => self.signals.contains(&number),
            Exit::Unknown => false,
        }
    }
}

/// The program itself told how it went, by an exit code that is no crash.
fn is_told(exit: Exit) -> bool {
    matches!(exit, Exit::Code(_)) && !exit.is_crash()
}

/// Codes as a process has them: on Windows all 32 bits, which a definition may write as negative.
fn codes(given: &[i64]) -> Box<[u32]> {
    given.iter().filter_map(|code| u32::try_from(code & 0xFFFF_FFFF).ok()).collect()
}

/// Our own `Backoff`: pauses that grow, in the place of the throttle, each counted from the end of
/// a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Backoff {
    /// The first pause.
    pub initial: Duration,
    /// What each pause is multiplied by for the next.
    pub factor: f64,
    /// The longest pause.
    pub max: Duration,
    /// The part of a pause, 0 to 1, by which it may be shorter by chance.
    pub jitter: f64,
    /// A run as long as this makes the next pause the first again.
    pub reset_after: Duration,
}

impl Backoff {
    /// The pause after so many runs in a row that it is to grow with; chance is from 0 to 1.
    pub(crate) fn pause(&self, tries: u32, chance: f64) -> Duration {
        let exponent = i32::try_from(tries.saturating_sub(1)).unwrap_or(i32::MAX);
        let grown = self.initial.as_secs_f64() * self.factor.powi(exponent);
        // Nothing, however often it grows.
        let grown = if self.initial.is_zero() { 0.0 } else { grown };
        let pause = grown.min(self.max.as_secs_f64()) * (1.0 - self.jitter * chance);
        Duration::try_from_secs_f64(pause).unwrap_or(self.max)
    }
}

impl From<&definition::Backoff> for Backoff {
    fn from(given: &definition::Backoff) -> Self {
        let definition::Backoff { initial, factor, max, jitter, reset_after } = *given;
        Self { initial, factor, max, jitter, reset_after }
    }
}

/// Our own `StartLimit`: with more starts than that within that time it is given up, until someone
/// asks for a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartLimit {
    /// So many starts are allowed.
    pub burst: u32,
    /// Within so much time.
    pub interval: Duration,
}

/// The latest starts of a service that has a limit, those that still count, oldest first.
///
/// Boxed, since few have one.
#[derive(Debug, Default)]
pub(crate) struct Starts(Option<Box<Latest>>);

type Latest = VecDeque<Moment>;

impl Starts {
    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }

    /// No more of them are kept than are allowed, since no other is made.
    pub(crate) fn add(&mut self, now: Moment, limit: StartLimit) {
        let starts = self.0.get_or_insert_default();
        while is_past(starts, limit, now) {
            starts.pop_front();
        }
        starts.push_back(now);
    }

    /// The latest of them came to nothing that the service can be blamed for.
    pub(crate) fn take_back(&mut self) {
        if let Some(starts) = &mut self.0 {
            starts.pop_back();
        }
    }

    /// Another start at that time would be one too many.
    pub(crate) fn are_too_many(&self, limit: StartLimit, at: Moment) -> bool {
        let starts = self.0.as_deref();
        limit.burst as usize <= starts.map_or(0, Latest::len)
            && !starts.is_some_and(|starts| is_past(starts, limit, at))
    }
}

/// The first of them is so long ago that it does not count any more.
fn is_past(starts: &Latest, limit: StartLimit, at: Moment) -> bool {
    starts.front().is_some_and(|first| limit.interval <= at - *first)
}

/// A number from 0 to 1 that looks like chance: splitmix64's, for that seed and number.
pub(crate) fn chance(seed: u64, number: u32) -> f64 {
    let step = u64::from(number).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut mixed = seed.wrapping_add(step);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let bits = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or_default();
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        initial: Duration::from_secs(1),
        factor: 2.0,
        max: Duration::from_secs(60),
        jitter: 0.0,
        reset_after: Duration::from_secs(60),
    };

    #[test]
    fn pauses_grow_to_the_longest() {
        let pauses = [0, 1, 2, 3, 6, 7, 8, u32::MAX].map(|tries| BACKOFF.pause(tries, 0.5));
        assert_eq!(pauses, [1, 1, 2, 4, 32, 60, 60, 60].map(Duration::from_secs));
        let none = Backoff { initial: Duration::ZERO, ..BACKOFF };
        assert_eq!(none.pause(u32::MAX, 0.0), Duration::ZERO);
        let steady = Backoff { factor: 1.0, ..BACKOFF };
        assert_eq!(steady.pause(u32::MAX, 0.0), Duration::from_secs(1));
    }

    #[test]
    fn chance_shortens_a_pause_by_no_more_than_its_part() {
        let half = Backoff { jitter: 0.5, ..BACKOFF };
        assert_eq!(half.pause(3, 0.0), Duration::from_secs(4));
        assert_eq!(half.pause(3, 1.0), Duration::from_secs(2));
        let spread: Vec<f64> = (0..1000).map(|number| chance(7, number)).collect();
        assert!(spread.iter().all(|one| (0.0..1.0).contains(one)));
        let low = spread.iter().filter(|one| **one < 0.5).count();
        assert!((400..600).contains(&low), "{low} of 1000 are low");
        assert!((chance(7, 1) - chance(8, 1)).abs() > f64::EPSILON);
    }
}
