//! A log as text: where its last lines begin, and pieces that never cut a character.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use super::log::Log;
use super::read::Reader;

/// Bytes read at once.
const PIECE: usize = 128 << 10;

/// The offset at which the last `lines` lines before `end` begin, not before `start`.
///
/// # Errors
/// What the system says about reading.
pub(super) fn start_of_last(
    log: &Arc<Log>,
    (start, end): (u64, u64),
    lines: u64,
) -> io::Result<u64> {
    let pieces = log.pieces();
    let mut reader = Reader::new(Arc::clone(log), start);
    let (mut left, mut upper) = (usize::try_from(lines).unwrap_or(usize::MAX), end);
    if left == 0 {
        return Ok(end);
    }
    while start < upper {
        // A compressed piece can only be read forwards, so that one is read at once.
        let piece = pieces.iter().find(|piece| upper <= piece.end() && piece.from < upper);
        let is_packed = piece.is_some_and(|piece| log.is_compressed(piece));
        let lower = match piece {
            Some(piece) if is_packed => piece.from,
            Some(_) | None => upper.saturating_sub(PIECE as u64),
        };
        let lower = lower.max(start);
        // The newline that ends the last line does not begin another.
        let ends = newlines(&mut reader, (lower, upper.min(end - 1)), left)?;
        if ends.len() == left {
            return Ok(ends[0] + 1);
        }
        left -= ends.len();
        upper = lower;
    }
    Ok(start)
}

/// The offsets of the last newlines in there, `count` at most.
fn newlines(
    reader: &mut Reader,
    (lower, upper): (u64, u64),
    count: usize,
) -> io::Result<VecDeque<u64>> {
    let mut found = VecDeque::new();
    let mut piece = vec![0; PIECE];
    reader.seek(lower);
    while reader.at() < upper {
        let size = usize::try_from(upper - reader.at()).unwrap_or(PIECE).min(PIECE);
        let read = reader.read(&mut piece[..size])?;
        if read == 0 {
            break;
        }
        let from = reader.at() - read as u64;
        for (offset, byte) in (from..).zip(&piece[..read]) {
            if *byte == b'\n' {
                if found.len() == count {
                    found.pop_front();
                }
                found.push_back(offset);
            }
        }
    }
    Ok(found)
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

    /// The next piece before that offset, or `None` at the present end.
    ///
    /// # Errors
    /// What the system says about reading.
    pub(super) fn next(
        &mut self,
        reader: &mut Reader,
        end: Option<u64>,
    ) -> io::Result<Option<String>> {
        let left = end.map_or(u64::MAX, |end| end.saturating_sub(reader.at()));
        let size = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let held = self.held.len();
        self.held.resize(held + size, 0);
        let read = reader.read(&mut self.held[held..]);
        self.held.truncate(held + *read.as_ref().unwrap_or(&0));
        if read? == 0 {
            // Nothing completes what was begun there.
            let is_over = end.is_some_and(|end| end <= reader.at()) && held != 0;
            return Ok(is_over.then(|| self.take(held)));
        }
        let cut = self.held.len() - unfinished(&self.held);
        Ok(Some(self.take(cut)))
    }

    fn take(&mut self, length: usize) -> String {
        let text = String::from_utf8_lossy(&self.held[..length]).into_owned();
        self.held.drain(..length);
        text
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
    use std::fs;

    use super::*;

    fn log(text: &[u8]) -> (tempfile::TempDir, Arc<Log>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.log");
        fs::write(&path, text).unwrap();
        let log = Log::new(path, &folder.path().join("state"), None);
        (folder, Arc::new(log))
    }

    fn last(text: &str, lines: u64) -> String {
        let (_folder, log) = log(text.as_bytes());
        let start = start_of_last(&log, (0, text.len() as u64), lines).unwrap();
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
        let (_folder, log) = log(text.as_bytes());
        let mut reader = Reader::new(log, 0);
        let mut pieces = Pieces::default();
        let mut seen = String::new();
        while let Some(piece) = pieces.next(&mut reader, None).unwrap() {
            seen.push_str(&piece);
        }
        assert_eq!(seen, text);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let (_folder, log) = log(b"a\xff\xfeb\n");
        let piece = Pieces::default().next(&mut Reader::new(log, 0), None).unwrap().unwrap();
        assert_eq!(piece, "a\u{fffd}\u{fffd}b\n");
    }

    #[test]
    fn a_character_that_is_cut_by_the_end_is_not_kept_back() {
        let (_folder, log) = log("aä".as_bytes());
        let (mut pieces, mut reader) = (Pieces::default(), Reader::new(log, 0));
        assert_eq!(pieces.next(&mut reader, Some(2)).unwrap().unwrap(), "a");
        assert_eq!(pieces.next(&mut reader, Some(2)).unwrap().unwrap(), "\u{fffd}");
        assert_eq!(pieces.next(&mut reader, Some(2)).unwrap(), None);
    }
}
