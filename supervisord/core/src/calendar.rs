//! When a `StartCalendarInterval` entry falls due next. Pure: wall time and time zone are data.
//!
//! Rules (launchd.plist(5); where it is silent, cron's): absent fields match everything; `Day` and
//! `Weekday` together match when either does; `Month` holds for both. A fixed hour that a clock
//! change leaves out comes as much later as the clock jumped; one that it repeats counts once. With
//! every hour wanted, real time counts: repeated hours are kept, missing ones are not made up for.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};
use protocol::definition::Calendar;

/// The 29th of February is at most eight years away; anything rarer never comes.
const DAYS_MAX: u16 = 366 * 9;

/// The first moment after `after`'s minute at which the entry falls due; `None` when it never does.
#[must_use]
pub fn next(entry: &Calendar, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let after = after.to_zoned(zone.clone());
    match entry.hour {
        Some(hour) => next_at_hour(entry, hour, &after),
        None => next_in_any_hour(entry, &after),
    }
}

/// The earliest of all entries.
#[must_use]
pub fn next_of(entries: &[Calendar], after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    entries.iter().filter_map(|entry| next(entry, after, zone)).min()
}

fn next_at_hour(entry: &Calendar, hour: u8, after: &Zoned) -> Option<Timestamp> {
    let minutes = entry.minute.map_or(0..=59, |minute| minute..=minute);
    let mut date = after.date();
    for _ in 0..DAYS_MAX {
        if is_day(entry, date) {
            for minute in minutes.clone() {
                let time =
                    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?;
                let due = after.time_zone().to_ambiguous_zoned(date.to_datetime(time));
                let due = due.compatible().ok()?.timestamp();
                if minute_of(after) < due {
                    return Some(due);
                }
            }
        }
        date = date.tomorrow().ok()?;
    }
    None
}

fn next_in_any_hour(entry: &Calendar, after: &Zoned) -> Option<Timestamp> {
    let mut at = minute_of(after).checked_add(1.minute()).ok()?.to_zoned(after.time_zone().clone());
    let last = after.date().checked_add(i32::from(DAYS_MAX).days()).ok()?;
    while at.date() < last {
        if !is_day(entry, at.date()) {
            at = at.tomorrow().ok()?.start_of_day().ok()?;
            continue;
        }
        let minute = i64::from(at.minute());
        match entry.minute.map(i64::from) {
            Some(wanted) if wanted != minute => {
                // Not further than the hour's end at once: the clock may jump there.
                let step = (wanted - minute).rem_euclid(60).min(60 - minute);
                at = at.checked_add(step.minutes()).ok()?;
            }
            Some(_) | None => return Some(at.timestamp()),
        }
    }
    None
}

fn is_day(entry: &Calendar, date: Date) -> bool {
    let is_month =
        entry.month.is_none_or(|month| month == 0 || i8::try_from(month) == Ok(date.month()));
    let is_date = entry.day.map(|day| i8::try_from(day) == Ok(date.day()));
    let is_weekday = entry.weekday.map(|weekday| date.weekday() == of_number(weekday));
    is_month
        && match (is_date, is_weekday) {
            (Some(is_date), Some(is_weekday)) => is_date || is_weekday,
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => true,
        }
}

/// 0 and 7 are Sunday.
fn of_number(weekday: u8) -> Weekday {
    i8::try_from(weekday % 7)
        .ok()
        .and_then(|number| Weekday::from_sunday_zero_offset(number).ok())
        .expect("a number below seven is a weekday")
}

fn minute_of(moment: &Zoned) -> Timestamp {
    let seconds = moment.timestamp().as_second();
    Timestamp::from_second(seconds - i64::from(moment.second())).unwrap_or(Timestamp::MIN)
}
