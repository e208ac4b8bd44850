//! Frames on the wire: one JSON object a line, bounded.
//!
//! Knows bytes, never sockets; both ends feed it what they read.

use thiserror::Error;

/// The largest frame either side sends or accepts, in bytes, newline included.
pub const FRAME_MAX: usize = 1 << 20;

/// Why bytes could not be taken as a frame.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FrameError {
    /// No newline came within [`FRAME_MAX`] bytes; the rest of the stream can't be trusted.
    #[error("cannot read frame: longer than {FRAME_MAX} bytes")]
    TooLong,
}

/// Collects bytes and gives them back line by line.
#[derive(Debug, Default)]
pub struct Frames {
    buffer: Vec<u8>,
    taken: usize,
    scanned: usize,
}

impl Frames {
    /// Adds what was read from the peer.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.scanned -= self.taken;
            self.taken = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole line without its newline, or `None` until more is fed.
    ///
    /// Empty lines are passed over, so that a person may press Enter.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] when the line exceeds [`FRAME_MAX`].
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        loop {
            let Some(at) = self.buffer[self.scanned..].iter().position(|byte| *byte == b'\n')
            else {
                self.scanned = self.buffer.len();
                if FRAME_MAX <= self.buffer.len() - self.taken {
                    return Err(FrameError::TooLong);
                }
                return Ok(None);
            };
            let (start, end) = (self.taken, self.scanned + at);
            self.taken = end + 1;
            self.scanned = end + 1;
            if FRAME_MAX <= end - start {
                return Err(FrameError::TooLong);
            }
            if !self.buffer[start..end].trim_ascii().is_empty() {
                return Ok(Some(&self.buffer[start..end]));
            }
        }
    }

    /// True when the peer hung up in the middle of a line.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        !self.buffer[self.taken..].trim_ascii().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_arrive_whole_however_they_were_cut() {
        let text = b"{\"a\":1}\n\n  \n{\"b\":2}\n";
        for cut in 1..text.len() {
            let mut frames = Frames::default();
            let mut seen = Vec::new();
            for part in text.chunks(cut) {
                frames.feed(part);
                while let Some(frame) = frames.next_frame().unwrap() {
                    seen.push(frame.to_vec());
                }
            }
            assert_eq!(seen, [b"{\"a\":1}", b"{\"b\":2}"], "cut every {cut}");
            assert!(!frames.is_torn());
        }
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut frames = Frames::default();
        frames.feed(&vec![b'x'; FRAME_MAX]);
        assert_eq!(frames.next_frame(), Err(FrameError::TooLong));
    }

    #[test]
    fn a_long_line_that_ends_is_refused_too() {
        let mut frames = Frames::default();
        let mut line = vec![b'x'; FRAME_MAX];
        line.push(b'\n');
        frames.feed(&line);
        assert_eq!(frames.next_frame(), Err(FrameError::TooLong));
    }

    #[test]
    fn half_a_line_is_torn() {
        let mut frames = Frames::default();
        frames.feed(b"{\"a\":1}\n{\"b\"");
        assert!(frames.next_frame().unwrap().is_some());
        assert!(frames.next_frame().unwrap().is_none());
        assert!(frames.is_torn());
    }
}
