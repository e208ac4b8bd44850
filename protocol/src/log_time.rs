//! The time a line of a log begins with, if it begins with one.
//!
//! Daemon and client both go by it: one finds a time in a log, the other puts several in order.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Forms without a zone, which mean local time, with their lengths in bytes.
const LOCAL: [(&str, usize); 3] = [
    ("%Y-%m-%d %H:%M:%S", 19),
    ("%Y-%m-%dT%H:%M:%S", 19),
    // Go's log package, nginx.
    ("%Y/%m/%d %H:%M:%S", 19),
];

/// Of syslog; the year is the present one, or the one before.
const SYSLOG: (&str, usize) = ("%Y %b %e %H:%M:%S", 15);

/// What may stand around a time.
const BRACKETS: [char; 3] = ['[', '(', '<'];

/// How lines begin that are JSON objects with their time first.
const OBJECTS: [&str; 3] = ["{\"time\":\"", "{\"timestamp\":\"", "{\"ts\":\""];

/// The time: RFC 3339, the same without a zone, Go's and nginx's, syslog's; also in brackets, or as
/// the first member of a JSON object. The present tells the year where the line doesn't, the zone
/// what a time without one means.
#[must_use]
pub fn of_line(line: &[u8], now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let line = &line[..line.len().min(64)];
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&line[..error.valid_up_to()]).ok()?,
    };
    let object = OBJECTS.iter().find_map(|begin| text.strip_prefix(begin));
    let text = object.or_else(|| text.strip_prefix(BRACKETS)).unwrap_or(text);
    // Most lines are told apart by a look, since to parse them takes much longer.
    match text.as_bytes() {
        [b'0'..=b'9', _, _, _, b'-' | b'/', ..] => rfc3339(text).or_else(|| local(text, zone)),
        [b'A'..=b'Z', _, _, b' ', ..] => syslog(text, now, zone),
        _ => None,
    }
}

fn rfc3339(text: &str) -> Option<Timestamp> {
    let is_of_time = |letter: char| {
        letter.is_ascii_digit() || matches!(letter, 'T' | 'Z' | 't' | 'z' | ':' | '-' | '+' | '.')
    };
    let head = text.get(..10)?;
    let rest = text.get(11..)?;
    let end = rest.find(|letter| !is_of_time(letter)).unwrap_or(rest.len());
    format!("{head}T{}", &rest[..end]).parse().ok()
}

fn local(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let parse = |(form, length): (&str, usize)| DateTime::strptime(form, text.get(..length)?).ok();
    zoned(LOCAL.into_iter().find_map(parse)?, zone)
}

fn syslog(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let (form, length) = SYSLOG;
    let text = text.get(..length)?;
    let year = now.to_zoned(zone.clone()).year();
    let in_year = |year: i16| zoned(DateTime::strptime(form, format!("{year} {text}")).ok()?, zone);
    let is_past = |time: &Timestamp| time.duration_since(now) <= SignedDuration::from_hours(24);
    in_year(year).filter(is_past).or_else(|| in_year(year - 1))
}

fn zoned(time: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    Some(time.to_zoned(zone.clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EAST: TimeZone = TimeZone::fixed(jiff::tz::offset(2));

    fn told(line: &[u8]) -> Option<Timestamp> {
        of_line(line, "2026-12-01T00:00:00Z".parse().unwrap(), &EAST)
    }

    #[test]
    fn lines_that_begin_with_a_time_tell_it() {
        let utc: Option<Timestamp> = Some("2026-11-23T12:35:03Z".parse().unwrap());
        for line in [
            "2026-11-23T12:35:03Z started",
            "2026-11-23T13:35:03+01:00 started",
            "2026-11-23T12:35:03.000Z",
            "[2026-11-23T12:35:03Z INFO web] started",
            "2026-11-23 12:35:03Z started",
            r#"{"time":"2026-11-23T12:35:03Z","level":"INFO"}"#,
            r#"{"timestamp":"2026-11-23T13:35:03+01:00","level":"INFO"}"#,
        ] {
            assert_eq!(told(line.as_bytes()), utc, "{line}");
        }
        let here: Option<Timestamp> = Some("2026-11-23T10:35:03Z".parse().unwrap());
        for line in [
            "2026/11/23 12:35:03 started",
            "2026-11-23 12:35:03,123 INFO",
            "2026-11-23 12:35:03 started",
            "2026-11-23T12:35:03 started",
        ] {
            assert_eq!(told(line.as_bytes()), here, "{line}");
        }
        assert_eq!(told(b"Nov 23 12:35:03 host web[7]: started"), here);
        let before = "2025-12-24T10:35:03Z".parse().ok();
        assert_eq!(told(b"Dec 24 12:35:03 host web[7]: started"), before, "of the year before");
    }

    #[test]
    fn other_lines_tell_none() {
        for line in ["", "line 00000001", "2026", "12:35:03 started", "2026-13-45 99:00:00", "é"] {
            assert_eq!(told(line.as_bytes()), None, "{line}");
        }
        assert_eq!(told(b"\xff\xfe"), None);
    }
}
