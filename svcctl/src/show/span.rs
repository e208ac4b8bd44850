//! Lengths of time as people read them: the two largest units.

use jiff::Timestamp;

/// A length of time, like `9 s`, `4 min 10 s`, `2 h 13 min` or `3 d 4 h`.
pub(crate) fn span(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let (large, small) = match seconds {
        ..60 => return format!("{} s", seconds.max(0)),
        60..3600 => ((minutes, "min"), (seconds % 60, "s")),
        3600..86_400 => ((hours, "h"), (minutes % 60, "min")),
        _ => ((days, "d"), (hours % 24, "h")),
    };
    match small.0 {
        0 => format!("{} {}", large.0, large.1),
        _ => format!("{} {} {} {}", large.0, large.1, small.0, small.1),
    }
}

/// How many seconds a moment in RFC 3339 lies before `now`; negative when it is yet to come.
pub(crate) fn seconds_ago(moment: &str, now: Timestamp) -> Option<i64> {
    let moment: Timestamp = moment.parse().ok()?;
    Some((now.as_millisecond() - moment.as_millisecond()).div_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units_at_most() {
        for (seconds, text) in [
            (-3, "0 s"),
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (250, "4 min 10 s"),
            (3600, "1 h"),
            (7980, "2 h 13 min"),
            (86_400, "1 d"),
            (273_600, "3 d 4 h"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn moments_lie_before_or_after() {
        let now = "2026-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(seconds_ago("2026-01-02T03:04:00.5Z", now), Some(4));
        assert_eq!(seconds_ago("2026-01-02T04:04:14+01:00", now), Some(-9));
        assert_eq!(seconds_ago("yesterday", now), None);
    }
}
