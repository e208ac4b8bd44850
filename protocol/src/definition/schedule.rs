//! Calendar entries as written. When they fall due is the supervisor's to compute.

use super::typed::keyed;

keyed! {
    /// One entry of launchd.plist(5) `StartCalendarInterval`, local time; an absent field matches
    /// every value.
    Calendar {
        /// Minute of the hour, 0 to 59.
        minute: Option<u8> = "Minute";
        /// Hour of the day, 0 to 23.
        hour: Option<u8> = "Hour";
        /// Day of the month, 1 to 31; with [`Calendar::weekday`] either of them suffices.
        day: Option<u8> = "Day";
        /// Day of the week, 0 to 7, where 0 and 7 are Sunday.
        weekday: Option<u8> = "Weekday";
        /// Month, 1 to 12; 0 stands for every month.
        month: Option<u8> = "Month";
    }
}
