//! Bytes cut into lines, none longer than is bearable. Pure.

use memchr::memchr;
use serde::{Deserialize, Serialize};

/// The longest line that stays whole, in bytes; a longer one is cut, and the cut is marked.
pub(super) const LINE_MAX: usize = 64 << 10;

/// What becomes of bytes behind the last newline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Rest {
    /// They wait for theirs.
    #[default]
    Waits,
    /// They are a line, for nothing follows any more.
    Ends,
    /// They are cut off, for there is no room to wait in.
    IsCut,
}

/// One line, without its newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// What it says.
    pub(crate) text: &'a [u8],
    /// True when it goes on in the next one.
    pub(crate) is_cut: bool,
}

/// The lines of some bytes, as far as they are whole.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    left: &'a [u8],
    rest: Rest,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8], rest: Rest) -> Self {
        Self { left: bytes, rest }
    }

    /// How many bytes are not yet part of a line.
    pub(super) fn left(&self) -> usize {
        self.left.len()
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let near = &self.left[..self.left.len().min(LINE_MAX + 1)];
        let (end, behind, is_cut) = match memchr(b'\n', near) {
            Some(end) => (end, end + 1, false),
            None if LINE_MAX < near.len() => {
                let end = whole_characters(&near[..LINE_MAX]);
                (end, end, true)
            }
            None if near.is_empty() || self.rest == Rest::Waits => return None,
            None => (near.len(), near.len(), self.rest == Rest::IsCut),
        };
        let text = &self.left[..end];
        self.left = &self.left[behind..];
        Some(Line { text, is_cut })
    }
}

/// How much can be cut off without cutting a character in two.
fn whole_characters(bytes: &[u8]) -> usize {
    let start = bytes.iter().rposition(|byte| byte & 0xc0 != 0x80).unwrap_or(0);
    let length = match bytes[start] {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => return bytes.len(),
    };
    // What is no text has no characters to save.
    if 0 < start && start + length > bytes.len() { start } else { bytes.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(bytes: &[u8], rest: Rest) -> (Vec<(String, bool)>, usize) {
        let mut lines = Lines::new(bytes, rest);
        let all = lines
            .by_ref()
            .map(|line| (String::from_utf8_lossy(line.text).into_owned(), line.is_cut));
        (all.collect(), lines.left())
    }

    fn said(lines: &[(&str, bool)]) -> Vec<(String, bool)> {
        lines.iter().map(|(text, is_cut)| ((*text).to_owned(), *is_cut)).collect()
    }

    #[test]
    fn what_is_not_whole_waits_or_ends() {
        assert_eq!(cut(b"a\n\nb", Rest::Waits), (said(&[("a", false), ("", false)]), 1));
        assert_eq!(cut(b"a\nb", Rest::Ends), (said(&[("a", false), ("b", false)]), 0));
        assert_eq!(cut(b"a\nb", Rest::IsCut), (said(&[("a", false), ("b", true)]), 0));
        assert_eq!(cut(b"", Rest::Ends), (vec![], 0));
    }

    #[test]
    fn a_line_of_the_greatest_length_stays_whole_and_a_longer_one_is_cut() {
        let longest = "x".repeat(LINE_MAX);
        let (lines, left) = cut(format!("{longest}\n").as_bytes(), Rest::Waits);
        assert_eq!((lines, left), (said(&[(&longest, false)]), 0));
        let (lines, left) = cut(format!("{longest}yz").as_bytes(), Rest::Waits);
        assert_eq!((lines, left), (said(&[(&longest, true)]), 2));
    }

    #[test]
    fn no_character_is_cut_in_two() {
        for character in ["ä", "€", "😀"] {
            let text = format!("{}{character}tail\n", "x".repeat(LINE_MAX - 1));
            let (lines, _) = cut(text.as_bytes(), Rest::Waits);
            assert_eq!(lines[0].0.len(), LINE_MAX - 1);
            assert_eq!(lines[1].0, format!("{character}tail"));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_cut_anywhere() {
        let (lines, left) = cut(&[0x80; LINE_MAX + 1], Rest::Waits);
        assert_eq!((lines.len(), left), (1, 1));
    }
}
