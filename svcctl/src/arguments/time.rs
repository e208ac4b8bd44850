//! Lengths of time as people type them: `90`, `90s`, `1m30s`, `2h`, `500ms`.

use std::time::Duration;

/// Reads a length of time; a bare number is seconds.
pub(crate) fn read(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is no time; write it like 90, 90s, 1m30s, 2h or 500ms");
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let (number, unit) = (&rest[..digits], &rest[digits..digits + letters]);
        if letters == 0 && (digits == 0 || digits < text.len()) {
            return Err(wrong());
        }
        let unit_ms: u64 = match unit {
            "ms" => 1,
            "s" | "" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let part = Duration::from_millis(number.checked_mul(unit_ms).ok_or_else(wrong)?);
        sum = sum.checked_add(part).ok_or_else(wrong)?;
        rest = &rest[digits + letters..];
    }
    if text.is_empty() { Err(wrong()) } else { Ok(sum) }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn times_are_read_as_typed() {
        for (text, ms) in [
            ("90", 90_000),
            ("0", 0),
            ("90s", 90_000),
            ("1m30s", 90_000),
            ("1h5min", 3_900_000),
            ("500ms", 500),
            ("2d", 172_800_000),
        ] {
            assert_eq!(read(text).unwrap().as_millis(), ms, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_examples() {
        for text in ["", "s", "1x", "-1", "1m30", "1.5s", "1 m", "99999999999999999999", "é"] {
            let error = read(text).unwrap_err();
            assert_eq!(
                error,
                format!("'{text}' is no time; write it like 90, 90s, 1m30s, 2h or 500ms")
            );
        }
    }
}
