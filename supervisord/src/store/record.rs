//! What one service leaves to the next daemon, as it is written: the core's memory of it, and what
//! its process is known by. Older records lack what came later; that is filled in, never refused.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use supervisor_core::{Cause, Ended, Exit, Memory, Moment, Timers};

use crate::os::Identity;

/// What is known of one service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// How many runs were begun.
    pub runs: u32,
    /// The latest run was being made.
    #[serde(default, skip_serializing_if = "is_no")]
    pub is_begun: bool,
    /// Processes that its runs leave behind are meant to stay.
    #[serde(default, skip_serializing_if = "is_no")]
    pub abandons: bool,
    /// The process of the latest run, when it was alive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Identity>,
    /// How the latest finished run went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<End>,
    /// It had been told to end.
    #[serde(default, skip_serializing_if = "is_no")]
    pub asked: bool,
    /// The number of that run; absent in old records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_run: Option<u32>,
    /// When its end was seen, in milliseconds since the machine booted, as all times here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<u64>,
    /// How many runs in a row the next pause grows with.
    #[serde(default, skip_serializing_if = "is_none")]
    pub tries: u32,
    /// It was started too often, and nobody asked for a start since.
    #[serde(default, skip_serializing_if = "is_no")]
    pub is_given_up: bool,
    /// Why the latest run was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Because>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_start: Option<u64>,
    /// Since when it is where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// What a further start is owed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed: Option<Because>,
    /// When its `StartInterval` is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<u64>,
    /// The next time of its calendar, in seconds of the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<i64>,
    /// The latest time of it that came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came: Option<i64>,
}

/// [`Ended`], as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It exited with that code.
    Code(u32),
    /// A signal ended it.
    Signal {
        /// Its number.
        number: i32,
        /// A core was dumped.
        core: bool,
        /// It is a crash.
        crash: bool,
    },
    /// Nobody saw how.
    Unknown,
    /// The process could not be made.
    NotMade(String),
}

/// [`Cause`], as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is what Cause says")]
pub enum Because {
    Load,
    Asked,
    KeepAlive,
    Before,
    Interval,
    Calendar,
    Watch,
    Mount,
    Socket,
    Level(u16),
}

impl Record {
    /// What the core remembers of a service, and what the system knows its process by.
    #[must_use]
    pub fn new(memory: &Memory, process: Option<Identity>, abandons: bool) -> Self {
        let (ended, asked) = end(&memory.ended);
        Self {
            runs: memory.runs,
            is_begun: memory.is_begun,
            abandons,
            process,
            ended,
            asked,
            ended_run: Some(memory.ended_run),
            ended_at: memory.ended_at.map(milliseconds),
            tries: memory.tries,
            is_given_up: memory.is_given_up,
            cause: Some(memory.cause.into()),
            last_start: memory.last_start.map(milliseconds),
            since: Some(milliseconds(memory.since)),
            owed: memory.owed.map(Because::from),
            interval: memory.timers.interval.map(milliseconds),
            calendar: memory.timers.calendar.map(Timestamp::as_second),
            came: memory.timers.came.map(Timestamp::as_second),
        }
    }

    /// What the core is to remember.
    #[must_use]
    pub fn memory(&self, now: Moment) -> Memory {
        let was_alive = self.process.is_some() || self.is_begun;
        let seen = if was_alive { self.runs.saturating_sub(1) } else { self.runs };
        let time = |seconds| Timestamp::from_second(seconds).ok();
        Memory {
            runs: self.runs,
            ended_run: self.ended_run.unwrap_or(seen),
            ended: self.ended.clone().map_or(Ended::Never, |end| end.meant(self.asked)),
            ended_at: self.ended_at.map(moment),
            tries: self.tries,
            is_given_up: self.is_given_up,
            is_begun: self.is_begun,
            cause: self.cause.map_or(Cause::Before, Cause::from),
            last_start: self.last_start.map(moment),
            since: self.since.map_or(now, moment),
            owed: self.owed.map(Cause::from),
            timers: Timers {
                interval: self.interval.map(moment),
                calendar: self.calendar.and_then(time),
                came: self.came.and_then(time),
            },
        }
    }
}

impl End {
    fn meant(self, asked: bool) -> Ended {
        let exit = match self {
            Self::NotMade(cause) => return Ended::NotMade(cause.into()),
            Self::Code(code) => Exit::Code(code),
            Self::Signal { number, core, crash } => Exit::Signal { number, core, crash },
            Self::Unknown => Exit::Unknown,
        };
        Ended::Exit { exit, asked }
    }
}

fn end(ended: &Ended) -> (Option<End>, bool) {
    let (exit, asked) = match ended {
        Ended::Never => return (None, false),
        Ended::NotMade(cause) => return (Some(End::NotMade(cause.to_string())), false),
        Ended::Exit { exit, asked } => (exit, *asked),
    };
    let end = match *exit {
        Exit::Code(code) => End::Code(code),
        Exit::Signal { number, core, crash } => End::Signal { number, core, crash },
        Exit::Unknown => End::Unknown,
    };
    (Some(end), asked)
}

macro_rules! both_ways {
    ($($name:ident),+) => {
        impl From<Cause> for Because {
            fn from(cause: Cause) -> Self {
                match cause {
                    $(Cause::$name => Self::$name,)+
                    Cause::Level(level) => Self::Level(level),
                }
            }
        }

        impl From<Because> for Cause {
            fn from(because: Because) -> Self {
                match because {
                    $(Because::$name => Self::$name,)+
                    Because::Level(level) => Self::Level(level),
                }
            }
        }
    };
}

both_ways!(Load, Asked, KeepAlive, Before, Interval, Calendar, Watch, Mount, Socket);

fn milliseconds(moment: Moment) -> u64 {
    u64::try_from(moment.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn moment(milliseconds: u64) -> Moment {
    Moment::after(Duration::from_millis(milliseconds))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_no(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(ended: Ended) -> Memory {
        Memory {
            runs: 7,
            ended_run: 6,
            ended,
            ended_at: Some(moment(10)),
            tries: 5,
            is_given_up: true,
            is_begun: true,
            cause: Cause::Level(3),
            last_start: Some(moment(11)),
            since: moment(12),
            owed: Some(Cause::Socket),
            timers: Timers {
                interval: Some(moment(13)),
                calendar: Timestamp::from_second(14).ok(),
                came: Timestamp::from_second(15).ok(),
            },
        }
    }

    #[test]
    fn nothing_the_core_remembers_is_lost_on_the_way() {
        let signal = Exit::Signal { number: 11, core: true, crash: true };
        let ends = [
            Ended::Never,
            Ended::NotMade("exec /srv/web: No such file".into()),
            Ended::Exit { exit: Exit::Code(3), asked: true },
            Ended::Exit { exit: signal, asked: false },
            Ended::Exit { exit: Exit::Unknown, asked: true },
        ];
        for ended in ends {
            let memory = memory(ended);
            let text = serde_json::to_string(&Record::new(&memory, None, false)).unwrap();
            let record: Record = serde_json::from_str(&text).unwrap();
            assert_eq!(record.memory(moment(99)), memory, "{text}");
        }
    }

    #[test]
    fn the_first_records_are_understood() {
        let old: Record = serde_json::from_str(r#"{"runs":3,"ended":{"code":1}}"#).unwrap();
        let memory = old.memory(moment(99));
        assert_eq!((memory.runs, memory.ended_run, memory.since), (3, 3, moment(99)));
        assert_eq!(memory.ended, Ended::Exit { exit: Exit::Code(1), asked: false });
        let begun: Record = serde_json::from_str(r#"{"runs":3,"is_begun":true}"#).unwrap();
        assert_eq!(begun.memory(moment(99)).ended_run, 2);
    }
}
