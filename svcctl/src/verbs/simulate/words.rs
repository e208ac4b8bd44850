//! How ends, times and zones are typed: `1`, `ok`, `sigSEGV`, `fail:2`; `'2026-03-29 01:00'`.

use std::io;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use supervisor_core::Exit;
use supervisor_core::simulation::Fate;

use crate::arguments::read_time;
use crate::os;

/// "No such file or directory", the same number on all systems.
const NO_SUCH_FILE: i32 = 2;

/// The signals that launchd takes for a crash.
const CRASHES: [&str; 7] =
    ["SIGILL", "SIGTRAP", "SIGABRT", "SIGFPE", "SIGBUS", "SIGSEGV", "SIGSYS"];

/// How a run is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Its process ends so.
    Exit(Exit),
    /// It can't be made, for the error of that number.
    Fail(i32),
    /// It never ends.
    Stays,
}

impl End {
    /// A success.
    pub(super) const OK: Self = Self::Exit(Exit::Code(0));

    /// What becomes of a run that lasts so long.
    pub(super) fn fate(self, after: Duration, program: &str) -> Fate {
        match self {
            Self::Exit(exit) => Fate::Ends { after, exit },
            Self::Stays => Fate::Stays,
            Self::Fail(number) => {
                let error = io::Error::from_raw_os_error(number).to_string();
                let words = error.split(" (os error").next().unwrap_or_default();
                Fate::NotMade(format!("exec {program}: {words}").into())
            }
        }
    }
}

impl FromStr for End {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("'{text}' is no end; write 0, 1, ok, sig9, sigSEGV, fail:2 or stays");
        let lower = text.to_ascii_lowercase();
        match lower.as_str() {
            "ok" => return Ok(Self::OK),
            "fail" => return Ok(Self::Fail(NO_SUCH_FILE)),
            "stays" => return Ok(Self::Stays),
            _ => {}
        }
        if let Some(number) = lower.strip_prefix("fail:") {
            return number.parse().map(Self::Fail).map_err(|_| wrong());
        }
        if let Some(name) = lower.strip_prefix("sig") {
            return signal(name).map(Self::Exit).ok_or_else(wrong);
        }
        let code = match lower.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => lower.parse(),
        };
        code.map(|code| Self::Exit(Exit::Code(code))).map_err(|_| wrong())
    }
}

fn signal(name: &str) -> Option<Exit> {
    let number = match name.parse() {
        Ok(number) => number,
        Err(_) => os::signal_number(&format!("SIG{}", name.to_ascii_uppercase()))?,
    };
    let known = os::signal_name(number)?;
    Some(Exit::Signal { number, core: false, crash: CRASHES.contains(&known) })
}

/// How long a run lasts: at least a millisecond, so that time goes on.
pub(super) fn lifetime(text: &str) -> Result<Duration, String> {
    match read_time(text)? {
        Duration::ZERO => Err("a run lasts a millisecond at least".to_owned()),
        length => Ok(length),
    }
}

/// A zone by its name, or in the form of POSIX's `TZ`.
pub(super) fn zone(text: &str) -> Result<TimeZone, String> {
    let named = TimeZone::get(text).or_else(|_| TimeZone::posix(text));
    named.map_err(|_| format!("'{text}' is no time zone known here; write it like Europe/Berlin"))
}

/// A time on the clock of that zone; with an offset or `Z` behind it, anywhere.
pub(super) fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let wrong = || format!("cannot begin at '{text}': write it like '2026-03-29 01:00'");
    let local: DateTime = text.parse().map_err(|_| wrong())?;
    Ok(zone.to_ambiguous_zoned(local).compatible().map_err(|_| wrong())?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_read_as_typed() {
        let code = |code| End::Exit(Exit::Code(code));
        let signal = |number, crash| End::Exit(Exit::Signal { number, core: false, crash });
        for (text, end) in [
            ("0", code(0)),
            ("ok", End::OK),
            ("255", code(255)),
            ("0xC0000005", code(0xC000_0005)),
            ("sig9", signal(9, false)),
            ("SIGsegv", signal(11, true)),
            ("fail", End::Fail(2)),
            ("fail:13", End::Fail(13)),
            ("stays", End::Stays),
        ] {
            assert_eq!(text.parse(), Ok(end), "{text}");
        }
        for text in ["", "-1", "sig", "sigFOO", "sig99", "fail:", "bad", "1.5"] {
            let wrong = text.parse::<End>().unwrap_err();
            assert!(wrong.contains("write 0, 1, ok, sig9"), "{text}: {wrong}");
        }
    }

    #[test]
    fn times_and_zones_are_read_as_typed() {
        let berlin = zone("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        for (text, utc) in [
            ("2026-03-29 01:00", "2026-03-29T00:00:00Z"),
            ("2026-03-29T03:00", "2026-03-29T01:00:00Z"),
            ("2026-03-29T03:00Z", "2026-03-29T03:00:00Z"),
            ("2026-07-01", "2026-06-30T22:00:00Z"),
        ] {
            assert_eq!(moment(text, &berlin).unwrap().to_string(), utc, "{text}");
        }
        assert!(moment("tomorrow", &berlin).unwrap_err().contains("'tomorrow'"));
        assert!(zone("Middle-earth").unwrap_err().contains("Middle-earth"));
    }
}
