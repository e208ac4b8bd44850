//! A log file as text: where its last lines begin, and pieces that never cut a character.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

/// Bytes read at once.
const PIECE: usize = 128 << 10;

/// Where the last `lines` lines of the file begin, as a byte offset.
///
/// # Errors
/// What the system says about reading.
pub(super) fn start_of_last(file: &mut File, lines: u64) -> io::Result<u64> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut end = length;
    let mut left = lines;
    let mut piece = vec![0; PIECE];
    while 0 < end {
        let begin = end.saturating_sub(PIECE as u64);
        let size = usize::try_from(end - begin).expect("a piece fits");
        file.seek(SeekFrom::Start(begin))?;
        file.read_exact(&mut piece[..size])?;
        for (at, byte) in piece[..size].iter().enumerate().rev() {
            let offset = begin + at as u64;
            // The newline that ends the file ends its last line, it does not begin another.
            if *byte == b'\n' && offset + 1 != length {
                if left <= 1 {
                    return Ok(if lines == 0 { length } else { offset + 1 });
                }
                left -= 1;
            }
        }
        end = begin;
    }
    Ok(if lines == 0 { length } else { 0 })
}

/// Bytes as they come, given on as text.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    held: Vec<u8>,
}

impl Pieces {
    /// How many bytes were read and not given on yet.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// The next piece of the file, or `None` at its present end.
    ///
    /// # Errors
    /// What the system says about reading.
    pub(super) fn next(&mut self, file: &mut File) -> io::Result<Option<String>> {
        let held = self.held.len();
        self.held.resize(held + PIECE, 0);
        let read = file.read(&mut self.held[held..]);
        self.held.truncate(held + *read.as_ref().unwrap_or(&0));
        if read? == 0 {
            return Ok(None);
        }
        let cut = self.held.len() - unfinished(&self.held);
        let text = String::from_utf8_lossy(&self.held[..cut]).into_owned();
        self.held.drain(..cut);
        Ok(Some(text))
    }
}

/// How many bytes at the end begin a character that is not complete yet.
fn unfinished(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    (1..=tail.len())
        .rev()
        .find(|size| {
            let end = &tail[tail.len() - size..];
            let error = std::str::from_utf8(end).err();
            error.is_some_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(text: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        file.rewind().unwrap();
        file
    }

    fn last(text: &str, lines: u64) -> String {
        let mut file = file(text.as_bytes());
        let start = start_of_last(&mut file, lines).unwrap();
        text[usize::try_from(start).unwrap()..].to_owned()
    }

    #[test]
    fn last_lines_are_found_with_and_without_a_final_newline() {
        assert_eq!(last("a\nb\nc\n", 2), "b\nc\n");
        assert_eq!(last("a\nb\nc", 2), "b\nc");
        assert_eq!(last("a\nb\n", 9), "a\nb\n");
        assert_eq!(last("a\nb\n", 0), "");
        assert_eq!(last("", 3), "");
        assert_eq!(last("\n\n\n", 2), "\n\n");
    }

    #[test]
    fn last_lines_are_found_across_pieces() {
        let long = format!("{}\n{}\n", "x".repeat(PIECE), "y".repeat(PIECE));
        assert_eq!(last(&long, 1).len(), PIECE + 1);
        assert_eq!(last(&long, 2), long);
    }

    #[test]
    fn characters_are_never_cut() {
        let text = "ä€😀".repeat(PIECE / 3);
        let mut file = file(text.as_bytes());
        let mut pieces = Pieces::default();
        let mut seen = String::new();
        while let Some(piece) = pieces.next(&mut file).unwrap() {
            seen.push_str(&piece);
        }
        assert_eq!(seen, text);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let mut pieces = Pieces::default();
        let piece = pieces.next(&mut file(b"a\xff\xfeb\n")).unwrap().unwrap();
        assert_eq!(piece, "a\u{fffd}\u{fffd}b\n");
    }
}
