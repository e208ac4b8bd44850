//! Times as people type them: `10m` ago, `12:35`, `yesterday`, `2026-11-23 12:35`, RFC 3339.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, ToSpan as _, Zoned};

use super::time;

/// Reads a time; a length of time means so long ago, a date its beginning, a time of day the last
/// one that was.
pub(crate) fn read(text: &str, now: &Zoned) -> Result<Timestamp, String> {
    let wrong = || {
        format!("'{text}' is no time; write it like 10m, 12:35, yesterday or 2026-11-23 12:35:03")
    };
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let zone = now.time_zone();
    let at = |time: DateTime| Some(time.to_zoned(zone.clone()).ok()?.timestamp());
    let day = |date: Date| at(date.at(0, 0, 0, 0));
    let found = match text {
        "now" => Some(now.timestamp()),
        "today" => day(now.date()),
        "yesterday" => now.date().checked_sub(1.day()).ok().and_then(day),
        _ if text.contains(':') => match text.parse::<DateTime>() {
            Ok(time) => at(time),
            Err(_) => text.parse::<Time>().ok().and_then(|time| {
                let today = at(now.date().to_datetime(time))?;
                if today <= now.timestamp() {
                    return Some(today);
                }
                at(now.date().checked_sub(1.day()).ok()?.to_datetime(time))
            }),
        },
        _ => match text.parse::<Date>() {
            Ok(date) => day(date),
            Err(_) => time::read(text).ok().and_then(|ago| now.timestamp().checked_sub(ago).ok()),
        },
    };
    found.ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_typed() {
        let now: Zoned = "2026-11-23T12:35:03+01:00[+01:00]".parse().unwrap();
        for (text, time) in [
            ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"),
            ("2026-11-23 10:00", "2026-11-23T09:00:00Z"),
            ("2026-11-23 10:00:30", "2026-11-23T09:00:30Z"),
            ("2026-11-23", "2026-11-22T23:00:00Z"),
            ("10:00", "2026-11-23T09:00:00Z"),
            ("13:00", "2026-11-22T12:00:00Z"),
            ("today", "2026-11-22T23:00:00Z"),
            ("yesterday", "2026-11-21T23:00:00Z"),
            ("now", "2026-11-23T11:35:03Z"),
            ("10m", "2026-11-23T11:25:03Z"),
            ("1h30m", "2026-11-23T10:05:03Z"),
        ] {
            assert_eq!(read(text, &now), Ok(time.parse().unwrap()), "{text}");
        }
        for text in ["", "soon", "25:00", "2026-13-01", "-10m"] {
            assert!(read(text, &now).unwrap_err().contains("is no time"), "{text}");
        }
    }
}
