//! The time in the names of rotated logs: UTC, and such that names sort by it.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Ends the name of a compressed one.
pub(super) const COMPRESSED: &str = ".gz";

const FORM: &str = "%Y%m%dT%H%M%S.%6fZ";

/// The time as a name has it, `20261123T123503.123456Z`.
pub(super) fn stamp(time: Timestamp) -> String {
    time.strftime(FORM).to_string()
}

/// The time that such a stamp tells.
pub(super) fn time(stamp: &str) -> Option<Timestamp> {
    let time = DateTime::strptime("%Y%m%dT%H%M%S.%fZ", stamp).ok()?;
    let time = time.to_zoned(TimeZone::UTC).ok()?.timestamp();
    (self::stamp(time) == stamp).then_some(time)
}

/// The name of a rotated log and its stamp, from the name of a file: `web.log.STAMP` or
/// `web.log.STAMP.gz`.
pub(super) fn split(name: &str) -> Option<(&str, &str)> {
    let name = name.strip_suffix(COMPRESSED).unwrap_or(name);
    let at = name.len().checked_sub(stamp(Timestamp::UNIX_EPOCH).len())?;
    let (live, stamp) = (name.get(..at)?.strip_suffix('.')?, name.get(at..)?);
    time(stamp).map(|_| (live, stamp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_log_and_time_and_sort_by_it() {
        let early: Timestamp = "2026-11-23T12:35:03.123456Z".parse().unwrap();
        assert_eq!(stamp(early), "20261123T123503.123456Z");
        assert_eq!(time(&stamp(early)), Some(early));
        let late: Timestamp = "2026-11-23T12:35:04Z".parse().unwrap();
        assert_eq!(stamp(late), "20261123T123504.000000Z");
        assert!(stamp(early) < stamp(late));
        for ending in ["", ".gz"] {
            let name = format!("web.log.{}{ending}", stamp(early));
            assert_eq!(split(&name), Some(("web.log", "20261123T123503.123456Z")));
        }
    }

    #[test]
    fn other_names_are_no_rotated_logs() {
        for name in ["web.log", "web.log.1", "web.log.gz", "", "web.log.20261323T123503.123456Z"] {
            assert_eq!(split(name), None, "{name}");
        }
    }
}
