//! When calendar entries fall due, over ordinary days, odd months and changes of the clock.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use protocol::definition::Calendar;
use supervisor_core::calendar::next;

/// Central Europe: forward on the last Sunday of March at 2:00, back in October at 3:00.
fn berlin() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

/// New York: forward on the second Sunday of March at 2:00, back on the first of November at 2:00.
fn new_york() -> TimeZone {
    TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap()
}

/// Lord Howe Island moves its clock by half an hour.
fn lord_howe() -> TimeZone {
    TimeZone::posix("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0").unwrap()
}

/// An entry from words like `Hour 3 Minute 30`.
fn entry(words: &str) -> Calendar {
    let mut entry = Calendar::default();
    let words: Vec<&str> = words.split_whitespace().collect();
    for pair in words.chunks(2) {
        let value = Some(pair[1].parse().unwrap());
        match pair[0] {
            "Minute" => entry.minute = value,
            "Hour" => entry.hour = value,
            "Day" => entry.day = value,
            "Weekday" => entry.weekday = value,
            "Month" => entry.month = value,
            other => panic!("no field is called {other}"),
        }
    }
    entry
}

/// Checks the moments at which an entry falls due one after the other, as local time with offset.
fn check(words: &str, zone: &TimeZone, from: &str, expected: &[&str]) {
    let from: DateTime = from.parse().unwrap();
    let mut after = zone.to_ambiguous_zoned(from).compatible().unwrap().timestamp();
    let entry = entry(words);
    for expected in expected {
        let due = next(&entry, after, zone).expect("it falls due");
        let shown = due.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %:z").to_string();
        assert_eq!(shown, *expected, "{words} from {from}");
        assert!(after < due);
        after = due;
    }
}

#[test]
fn absent_fields_match_everything() {
    let zone = TimeZone::UTC;
    check(
        "",
        &zone,
        "2026-03-01T12:00:30",
        &["2026-03-01 12:01 +00:00", "2026-03-01 12:02 +00:00"],
    );
    check(
        "Hour 3",
        &zone,
        "2026-03-01T12:00",
        &["2026-03-02 03:00 +00:00", "2026-03-02 03:01 +00:00"],
    );
    check("Hour 3", &zone, "2026-03-02T03:59", &["2026-03-03 03:00 +00:00"]);
    check("Minute 15", &zone, "2026-12-31T23:15", &["2027-01-01 00:15 +00:00"]);
}

#[test]
fn the_minute_it_is_loaded_in_has_passed() {
    check("Minute 0", &TimeZone::UTC, "2026-03-01T12:00:30", &["2026-03-01 13:00 +00:00"]);
    check("Minute 0", &TimeZone::UTC, "2026-03-01T11:59:59", &["2026-03-01 12:00 +00:00"]);
}

#[test]
fn months_without_the_day_are_skipped() {
    let zone = TimeZone::UTC;
    check(
        "Day 31 Hour 0 Minute 0",
        &zone,
        "2026-01-31T00:00",
        &["2026-03-31 00:00 +00:00", "2026-05-31 00:00 +00:00"],
    );
    check(
        "Month 2 Day 29 Hour 0 Minute 0",
        &zone,
        "2097-01-01T00:00",
        &["2104-02-29 00:00 +00:00"],
    );
    assert_eq!(next(&entry("Month 2 Day 30"), Timestamp::UNIX_EPOCH, &zone), None);
    assert_eq!(next(&entry("Month 2 Day 30 Hour 1"), Timestamp::UNIX_EPOCH, &zone), None);
}

#[test]
fn day_and_weekday_match_when_either_does_and_month_holds_for_both() {
    // In March 2026 the 6th is a Friday.
    check(
        "Day 10 Weekday 5 Hour 1 Minute 0 Month 3",
        &TimeZone::UTC,
        "2026-03-01T00:00",
        &[
            "2026-03-06 01:00 +00:00",
            "2026-03-10 01:00 +00:00",
            "2026-03-13 01:00 +00:00",
            "2026-03-20 01:00 +00:00",
            "2026-03-27 01:00 +00:00",
            "2027-03-05 01:00 +00:00",
        ],
    );
}

#[test]
fn sunday_is_zero_and_seven_and_month_zero_is_every_month() {
    for words in ["Weekday 0 Hour 0 Minute 0", "Weekday 7 Hour 0 Minute 0 Month 0"] {
        check(words, &TimeZone::UTC, "2026-11-23T00:00", &["2026-11-29 00:00 +00:00"]);
    }
}

#[test]
fn a_fixed_hour_left_out_by_the_clock_comes_as_much_later() {
    check(
        "Hour 2 Minute 30",
        &berlin(),
        "2026-03-28T12:00",
        &["2026-03-29 03:30 +02:00", "2026-03-30 02:30 +02:00"],
    );
    check(
        "Hour 2 Minute 30",
        &new_york(),
        "2026-03-07T12:00",
        &["2026-03-08 03:30 -04:00", "2026-03-09 02:30 -04:00"],
    );
    check(
        "Hour 2 Minute 10",
        &lord_howe(),
        "2026-10-03T12:00",
        &["2026-10-04 02:40 +11:00", "2026-10-05 02:10 +11:00"],
    );
}

#[test]
fn a_fixed_hour_repeated_by_the_clock_counts_once() {
    check(
        "Hour 2 Minute 30",
        &berlin(),
        "2026-10-24T12:00",
        &["2026-10-25 02:30 +02:00", "2026-10-26 02:30 +01:00"],
    );
    check(
        "Hour 1 Minute 30",
        &new_york(),
        "2026-10-31T12:00",
        &["2026-11-01 01:30 -04:00", "2026-11-02 01:30 -05:00"],
    );
}

#[test]
fn every_hour_means_every_real_hour() {
    check(
        "Minute 30",
        &berlin(),
        "2026-03-29T00:30",
        &["2026-03-29 01:30 +01:00", "2026-03-29 03:30 +02:00"],
    );
    check(
        "Minute 30",
        &new_york(),
        "2026-11-01T00:30",
        &["2026-11-01 01:30 -04:00", "2026-11-01 01:30 -05:00", "2026-11-01 02:30 -05:00"],
    );
    check(
        "Minute 45",
        &lord_howe(),
        "2026-04-05T00:45",
        &["2026-04-05 01:45 +11:00", "2026-04-05 01:45 +10:30", "2026-04-05 02:45 +10:30"],
    );
}

#[test]
fn every_minute_never_pauses() {
    for zone in [berlin(), new_york(), lord_howe()] {
        for start in
            ["2026-03-08T00:00Z", "2026-03-29T00:00Z", "2026-04-04T12:00Z", "2026-10-25T00:00Z"]
        {
            let mut at: Timestamp = start.parse().unwrap();
            for _ in 0..600 {
                let due = next(&Calendar::default(), at, &zone).unwrap();
                assert_eq!((due - at).get_seconds(), 60, "after {at}");
                at = due;
            }
        }
    }
}
