//! What a label may be, and the file name it gets on any of the three systems.

use thiserror::Error;

/// The longest label, in bytes.
pub const LABEL_MAX: usize = 255;

/// The longest file name stem, in bytes: leaves room for endings within what systems allow.
const STEM_MAX: usize = 200;

/// Stands between the beginning of a long label and its hash; no escape looks like it.
const SHORTENED: &str = "%=";

/// Why a text can't be a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LabelError {
    /// It has no character at all.
    #[error("is empty")]
    Empty,
    /// It is longer than [`LABEL_MAX`].
    #[error("is longer than {LABEL_MAX} bytes")]
    TooLong,
    /// It is a name that every folder has.
    #[error("is {0:?}, which names a folder")]
    Dots(&'static str),
    /// It has a character that can't be printed, or a slash.
    #[error("contains {0:?}, which a label may not")]
    Character(char),
}

/// Tells whether a text can be a label: any printable characters but `/`.
///
/// # Errors
/// The first reason why it can't.
pub fn check_label(label: &str) -> Result<(), LabelError> {
    let forbidden = |c: char| c == '/' || c.is_control() || ('\u{2028}'..='\u{2029}').contains(&c);
    match label {
        "" => return Err(LabelError::Empty),
        "." => return Err(LabelError::Dots(".")),
        ".." => return Err(LabelError::Dots("..")),
        _ if LABEL_MAX < label.len() => return Err(LabelError::TooLong),
        _ => {}
    }
    label.chars().find(|c| forbidden(*c)).map_or(Ok(()), |c| Err(LabelError::Character(c)))
}

/// The file name of a label, without ending: the same and safe on all three systems.
///
/// Everything but ASCII letters, digits and `-_.+@` is percent-encoded, and so is what would make
/// a hidden file or a device of Windows. A very long one is cut and ends in a hash. Names that
/// differ in case only are the same file on macOS and Windows: whoever makes a file has to look.
#[must_use]
pub fn file_name(label: &str) -> String {
    let mut stem = String::with_capacity(label.len());
    let last = label.len().saturating_sub(1);
    for (at, byte) in label.bytes().enumerate() {
        let is_edge_dot = byte == b'.' && (at == 0 || at == last);
        let is_device = at == 0 && is_device(label);
        let is_plain = byte.is_ascii_alphanumeric() || b"-_.+@".contains(&byte);
        if is_plain && !is_edge_dot && !is_device {
            stem.push(byte.into());
        } else {
            stem.push_str(&format!("%{byte:02X}"));
        }
    }
    match stem.len() {
        0..=STEM_MAX => stem,
        _ => shortened(&stem, label),
    }
}

/// The label that a file name stem was made from; `None` for a foreign or a shortened one.
#[must_use]
pub fn label_of_file_name(stem: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(stem.len());
    let mut rest = stem.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = match first {
            b'%' => {
                let digits = std::str::from_utf8(behind.get(..2)?).ok()?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                &behind[2..]
            }
            plain => {
                bytes.push(*plain);
                behind
            }
        };
    }
    let label = String::from_utf8(bytes).ok()?;
    (file_name(&label) == stem && check_label(&label).is_ok()).then_some(label)
}

fn shortened(stem: &str, label: &str) -> String {
    let hash = label.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let ending = format!("{SHORTENED}{hash:016x}");
    let mut end = STEM_MAX - ending.len();
    if let Some(escape) = stem[end - 2..end].find('%') {
        end = end - 2 + escape;
    }
    format!("{}{ending}", &stem[..end])
}

/// True for names that Windows takes for a device, whatever their ending.
fn is_device(label: &str) -> bool {
    let base = label.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    match base.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" => true,
        other => ["COM", "LPT"].iter().any(|port| {
            other.strip_prefix(port).is_some_and(|rest| {
                matches!(rest, "¹" | "²" | "³") || matches!(rest.as_bytes(), [b'0'..=b'9'])
            })
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_their_file_names() {
        for (label, stem) in [
            ("com.example.web", "com.example.web"),
            ("My Service", "My%20Service"),
            ("50%", "50%25"),
            (".hidden", "%2Ehidden"),
            ("end.", "end%2E"),
            ("nul", "%6Eul"),
            ("Com1.web", "%43om1.web"),
            ("com10", "com10"),
            ("a\\b:c*?\"<>|", "a%5Cb%3Ac%2A%3F%22%3C%3E%7C"),
            ("größe", "gr%C3%B6%C3%9Fe"),
        ] {
            assert_eq!(file_name(label), stem);
            assert_eq!(label_of_file_name(stem).as_deref(), Some(label));
        }
    }

    #[test]
    fn long_labels_get_short_and_different_names() {
        for end in 0..4 {
            let long = format!("{}{}", "a".repeat(end), "ü".repeat(125));
            let stem = file_name(&long);
            assert!(stem.len() <= STEM_MAX, "{stem}");
            assert_ne!(stem, file_name(&format!("{long}x")));
            assert_eq!(label_of_file_name(&stem), None);
        }
    }

    #[test]
    fn foreign_stems_have_no_label() {
        for stem in ["%", "%4", "%zz", "%41", "a b", "%2F", "%FF", "nul", ".", ""] {
            assert_eq!(label_of_file_name(stem), None, "{stem}");
        }
    }

    #[test]
    fn labels_are_refused_for_a_reason() {
        let long = "x".repeat(LABEL_MAX + 1);
        for (label, reason) in [
            ("", LabelError::Empty),
            (".", LabelError::Dots(".")),
            ("..", LabelError::Dots("..")),
            ("a/b", LabelError::Character('/')),
            ("a\nb", LabelError::Character('\n')),
            ("a\u{7f}", LabelError::Character('\u{7f}')),
            (&long, LabelError::TooLong),
        ] {
            assert_eq!(check_label(label), Err(reason), "{label:?}");
        }
        assert_eq!(check_label("My Service (1) \\ – größe"), Ok(()));
    }
}
