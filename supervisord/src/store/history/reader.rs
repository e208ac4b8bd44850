//! Reads the history from a number on, while it is written and its files are set aside.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use protocol::message::Event;

use super::older;
use crate::os;

/// Bytes read at once.
const PIECE: usize = 64 << 10;

/// Reads events in order, each once.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    after: u64,
    /// The file being read, whether it is the older one, and the line begun in it.
    open: Option<(File, bool)>,
    begun: Vec<u8>,
}

impl Reader {
    pub(super) fn new(path: &Path, after: u64) -> Self {
        Self { path: path.to_owned(), after, open: None, begun: Vec::new() }
    }

    /// The next events, not many at once; none when no more are written.
    ///
    /// # Errors
    /// What the system says.
    pub fn more(&mut self) -> io::Result<Vec<Event>> {
        loop {
            self.open()?;
            let Self { path, open: Some((file, is_older)), .. } = self else {
                return Ok(Vec::new());
            };
            // Asked before it is read to its end: who was set aside is not written any more.
            let is_current = !*is_older && os::is_same_file(file, path);
            let mut piece = [0; PIECE];
            let length = file.read(&mut piece)?;
            if length == 0 {
                if is_current || !self.leave()? {
                    return Ok(Vec::new());
                }
                continue;
            }
            self.begun.extend_from_slice(&piece[..length]);
            let events = self.whole_lines();
            if !events.is_empty() {
                return Ok(events);
            }
        }
    }

    /// The file to go on with: the older one first, since what is wanted may be there.
    fn open(&mut self) -> io::Result<()> {
        if self.open.is_none() {
            self.begun.clear();
            self.open = match open_if_there(&older(&self.path))? {
                Some(file) => Some((file, true)),
                None => open_if_there(&self.path)?.map(|file| (file, false)),
            };
        }
        Ok(())
    }

    /// A file is read to its end, and nothing comes to it any more; false when none follows yet.
    fn leave(&mut self) -> io::Result<bool> {
        let next = match &self.open {
            Some((file, true)) if os::is_same_file(file, &older(&self.path)) => {
                let Some(current) = open_if_there(&self.path)? else { return Ok(false) };
                Some((current, false))
            }
            Some(_) | None => None,
        };
        self.begun.clear();
        self.open = next;
        Ok(true)
    }

    fn whole_lines(&mut self) -> Vec<Event> {
        let Some(end) = self.begun.iter().rposition(|byte| *byte == b'\n') else {
            return Vec::new();
        };
        let mut events = Vec::new();
        for line in self.begun[..end].split(|byte| *byte == b'\n') {
            // The first line has none, and what is damaged is passed over.
            if let Ok(event) = serde_json::from_slice::<Event>(line)
                && self.after < event.seq
            {
                self.after = event.seq;
                events.push(event);
            }
        }
        self.begun.drain(..=end);
        events
    }
}

fn open_if_there(path: &Path) -> io::Result<Option<File>> {
    match os::open_to_read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        file => file.map(Some),
    }
}
