//! Lengths of time to the millisecond, for what is simulated and therefore exact.

use std::time::Duration;

/// All of it, like `9 s`, `1 min 30 s`, `1 d 500 ms`.
pub(crate) fn length(length: Duration) -> String {
    let (seconds, ms) = (length.as_secs(), length.subsec_millis());
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
        (u64::from(ms), "ms"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number != 0)
        .map(|(number, unit)| format!("{number} {unit}"))
        .collect();
    if words.is_empty() { "0 s".to_owned() } else { words.join(" ") }
}

/// As a clock counts it: `0:00:10`, `1d 2:00:00`, `0:00:01.500`.
pub(crate) fn clock(elapsed: Duration) -> String {
    let (seconds, ms) = (elapsed.as_secs(), elapsed.subsec_millis());
    let days = match seconds / 86_400 {
        0 => String::new(),
        days => format!("{days}d "),
    };
    let ms = if ms == 0 { String::new() } else { format!(".{ms:03}") };
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("{days}{hours}:{minutes:02}:{:02}{ms}", seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_exact() {
        for (ms, words, counted) in [
            (0, "0 s", "0:00:00"),
            (1500, "1 s 500 ms", "0:00:01.500"),
            (90_000, "1 min 30 s", "0:01:30"),
            (3_600_000, "1 h", "1:00:00"),
            (93_600_000, "1 d 2 h", "1d 2:00:00"),
        ] {
            let time = Duration::from_millis(ms);
            assert_eq!((length(time).as_str(), clock(time).as_str()), (words, counted));
        }
    }
}
