//! How large and old logs may become, who says so, and when a growing one is looked at next. Pure.

use std::time::Duration;

use protocol::definition::{Log, LogSettings, Seldom};

/// A log that grows is looked at so often at least, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

/// One that would reach its bound only after so many pauses like the last one may be left longer.
const FAR: u64 = 64;

/// How one log is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes at which it is rotated.
    pub max_size: u64,
    /// How old its oldest byte may become.
    pub max_age: Option<Duration>,
    /// How many rotated ones are kept.
    pub keep: usize,
    /// Bytes that these may have together.
    pub max_total: Option<u64>,
    /// They are compressed.
    pub compress: bool,
}

/// What holds where definitions say nothing, and for all logs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults {
    /// Logs without a path of their own are rotated.
    pub rotate: bool,
    /// How each is kept.
    pub bounds: Bounds,
    /// Bytes that everything in the folder of logs may have together, as far as rotated ones count.
    pub quota: u64,
}

impl Default for Defaults {
    fn default() -> Self {
        let bounds =
            Bounds { max_size: 16 << 20, max_age: None, keep: 5, max_total: None, compress: true };
        Self { rotate: true, bounds, quota: 4 << 30 }
    }
}

impl Defaults {
    /// What the settings say.
    #[must_use]
    pub fn of(settings: &LogSettings) -> Self {
        let usual = Self::default();
        Self {
            rotate: settings.each.rotate.unwrap_or(usual.rotate),
            bounds: usual.bounds.with(&settings.each),
            quota: settings.quota.unwrap_or(usual.quota),
        }
    }

    /// How a log is kept whose definition says that; `None` when it is not rotated. One at a path
    /// of the definition's own is rotated only where the definition speaks of it, since launchd
    /// rotates none.
    #[must_use]
    pub fn bounds(&self, log: &Seldom<Log>, has_own_path: bool) -> Option<Bounds> {
        let is_rotated = log.rotate.unwrap_or(if has_own_path {
            !log.is_unset()
        } else {
            self.rotate || !log.is_unset()
        });
        is_rotated.then(|| self.bounds.with(log))
    }
}

impl Bounds {
    /// What is left to do of that where another has the log rotated: who writes it line by line
    /// does that too, by giving it another name.
    #[must_use]
    pub fn without_rotation(self) -> Self {
        Self { max_size: u64::MAX, max_age: None, ..self }
    }

    /// The same, where nothing else is said.
    #[must_use]
    pub fn with(self, log: &Log) -> Self {
        Self {
            max_size: log.max_size.unwrap_or(self.max_size),
            max_age: log.max_age.or(self.max_age),
            keep: log.keep.map_or(self.keep, |keep| keep as usize),
            max_total: log.max_total.or(self.max_total),
            compress: log.compress.unwrap_or(self.compress),
        }
    }
}

/// How a log grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pace {
    size: u64,
    pause: Duration,
}

impl Pace {
    /// When to look again at a log that has that size now; `None` when it has not grown since the
    /// last look, so that it can be waited for.
    pub(super) fn next(&mut self, size: u64, max_size: u64) -> Option<Duration> {
        let grown = size.abs_diff(self.size);
        self.size = size;
        if grown == 0 {
            self.pause = Duration::ZERO;
            return None;
        }
        let (shortest, longest) = PAUSES;
        let is_far = grown.saturating_mul(FAR) < max_size.saturating_sub(size);
        self.pause = match self.pause {
            pause if is_far && !pause.is_zero() => (pause * 2).min(longest),
            _ => shortest,
        };
        Some(self.pause)
    }
}

#[cfg(test)]
mod tests {
    use protocol::definition::LogMode;

    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn a_quiet_log_is_waited_for_and_a_busy_one_looked_at() {
        let mut pace = Pace::default();
        let ms = |pause: Option<Duration>| pause.map(|pause| pause.as_millis());
        assert_eq!(ms(pace.next(0, 16 * MIB)), None);
        assert_eq!(ms(pace.next(100, 16 * MIB)), Some(200), "it begins");
        assert_eq!(ms(pace.next(200, 16 * MIB)), Some(400), "slowly");
        let more = (3..20).map(|step| ms(pace.next(step * 100, 16 * MIB)));
        assert_eq!(more.last(), Some(Some(2000)), "and is left longer and longer");
        assert_eq!(ms(pace.next(4 * MIB, 16 * MIB)), Some(200), "it hurries");
        assert_eq!(ms(pace.next(4 * MIB, 16 * MIB)), None, "it is quiet");
    }

    #[test]
    fn a_path_of_its_own_is_not_rotated_unless_the_definition_says_how() {
        let defaults = Defaults::default();
        let silent = Seldom::default();
        assert_eq!(defaults.bounds(&silent, true), None);
        assert_eq!(defaults.bounds(&silent, false), Some(defaults.bounds));
        let said = Seldom::from(Log { max_size: Some(4096), ..Log::default() });
        let small = Bounds { max_size: 4096, ..defaults.bounds };
        assert_eq!(defaults.bounds(&said, true), Some(small));
        let never = Seldom::from(Log { rotate: Some(false), ..Log::default() });
        assert_eq!(defaults.bounds(&never, false), None);
        let piped = Seldom::from(Log { mode: LogMode::Pipe, keep: Some(3), ..Log::default() });
        for has_own_path in [true, false] {
            let bounds = defaults.bounds(&piped, has_own_path).unwrap();
            assert_eq!((bounds.max_size, bounds.keep), (defaults.bounds.max_size, 3));
            let bounds = bounds.without_rotation();
            assert_eq!((bounds.max_size, bounds.keep), (u64::MAX, 3), "only kept within bounds");
        }
        let none = Defaults { rotate: false, ..defaults };
        assert_eq!(none.bounds(&silent, false), None);
        assert_eq!(none.bounds(&said, false), Some(small));
    }
}
