//! Numbers and bytes as XML property lists spell them. Never guesses: `None` is a mistake.

/// As Core Foundation reads it: white space around, a sign, `0x` for hexadecimal.
pub(super) fn integer(text: &str) -> Option<i128> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let magnitude = match hexadecimal {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??,
    };
    Some(sign * i128::from(magnitude))
}

/// Bytes, from text that may be wrapped.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    if !text.len().is_multiple_of(4) || 2 < padding {
        return None;
    }
    let mut data = Vec::with_capacity(text.len() / 4 * 3);
    for four in text[..text.len() - padding].chunks(4) {
        let mut bits = 0_u32;
        for at in 0..4 {
            let digit = match four.get(at) {
                Some(byte) => DIGITS.iter().position(|digit| digit == byte)?,
                None => 0,
            };
            bits = bits << 6 | u32::try_from(digit).ok()?;
        }
        data.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    Some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_every_length() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("AA==", Some(&[0])),
            ("AAE=", Some(&[0, 1])),
            (" AAEC\n/w== ", Some(&[0, 1, 2, 255])),
            ("AAE", None),
            ("A===", None),
            ("AA=A", None),
            ("A!==", None),
        ] {
            assert_eq!(base64(text).as_deref(), bytes, "{text:?}");
        }
    }

    #[test]
    fn integers_as_core_foundation_reads_them() {
        for (text, value) in [
            (" 7 ", Some(7)),
            ("+7", Some(7)),
            ("-0x10", Some(-16)),
            ("18446744073709551615", Some(u64::MAX.into())),
            ("18446744073709551616", None),
            ("1.5", None),
            ("--1", None),
            ("", None),
        ] {
            assert_eq!(integer(text), value, "{text:?}");
        }
    }
}
