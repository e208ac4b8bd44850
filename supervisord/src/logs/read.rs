//! Reads a log from any offset on: rotated, compressed and live files in order, as if they were
//! one; what is rotated away while it is read is neither missed nor seen twice.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::index::Piece;
use super::log::Log;
use super::stamp::COMPRESSED;
use crate::os;

/// Bytes of a compressed file that are passed over at once.
const SKIP: usize = 64 << 10;

/// A place in a log.
#[derive(Debug)]
pub(super) struct Reader {
    log: Arc<Log>,
    /// Where the next byte comes from.
    at: u64,
    live: Option<File>,
    piece: Option<(Piece, Source)>,
}

/// A rotated log that is open; both know where they are.
#[derive(Debug)]
enum Source {
    Plain(File),
    Compressed { decoder: Box<MultiGzDecoder<File>>, at: u64 },
}

/// What comes next.
enum Next {
    /// So many bytes of the live file.
    Live(usize),
    /// It is in a rotated one.
    Piece(Piece),
}

impl Reader {
    /// Reads from that offset on, or from the first byte behind it that is left.
    pub(super) fn new(log: Arc<Log>, at: u64) -> Self {
        Self { log, at, live: None, piece: None }
    }

    /// The offset of the next byte.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Goes on elsewhere.
    pub(super) fn seek(&mut self, at: u64) {
        self.at = at;
    }

    /// The next bytes; none at the present end.
    ///
    /// # Errors
    /// What the system says about reading.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() {
            let read = match self.next(buffer)? {
                Next::Live(read) => read,
                Next::Piece(piece) => match self.read_piece(&piece, buffer)? {
                    // It was removed, or is shorter than it was.
                    0 if self.at < piece.end() => {
                        self.at = piece.end();
                        continue;
                    }
                    read => read,
                },
            };
            self.at += read as u64;
            return Ok(read);
        }
        Ok(0)
    }

    fn next(&mut self, buffer: &mut [u8]) -> io::Result<Next> {
        let (log, at, live) = (&self.log, &mut self.at, &mut self.live);
        let next = log.with(|state| {
            if !live.as_ref().is_some_and(|live| os::is_same_file(live, &log.path)) {
                // What is left of a file that is gone by now, unless its place was taken over.
                if let Some(old) =
                    live.take_if(|old| *at < state.base || os::file_number(old).ok() != state.file)
                {
                    drop(old);
                } else if let Some(old) = live {
                    old.seek(SeekFrom::Start(*at - state.base))?;
                    let read = old.read(buffer)?;
                    if read != 0 {
                        state.seen = state.seen.max(*at + read as u64);
                        return Ok(Next::Live(read));
                    }
                }
                *live = open_live(log)?;
                state.look(log);
            }
            if *at < state.base {
                let mut pieces = state.whole().iter();
                if let Some(piece) = pieces.find(|piece| *at < piece.end()) {
                    *at = (*at).max(piece.from);
                    return Ok(Next::Piece(piece.clone()));
                }
                *at = state.base;
            }
            let Some(live) = live else { return Ok(Next::Live(0)) };
            if state.base + live.metadata()?.len() < *at {
                // Someone emptied it: its new content begins at its start.
                state.look(log);
                *at = state.base;
            }
            live.seek(SeekFrom::Start(*at - state.base))?;
            let read = live.read(buffer)?;
            state.seen = state.seen.max(*at + read as u64);
            Ok(Next::Live(read))
        });
        next.unwrap_or(Ok(Next::Live(0)))
    }

    fn read_piece(&mut self, piece: &Piece, buffer: &mut [u8]) -> io::Result<usize> {
        let is_usable = |(open, source): &(Piece, Source)| {
            open.stamp == piece.stamp && source.at().is_none_or(|at| at <= self.at - piece.from)
        };
        if !self.piece.as_ref().is_some_and(is_usable) {
            self.piece = open(&self.log, piece)?.map(|source| (piece.clone(), source));
        }
        let Some((_, source)) = &mut self.piece else { return Ok(0) };
        let left = usize::try_from(piece.end() - self.at).unwrap_or(usize::MAX);
        let size = buffer.len().min(left);
        source.read(self.at - piece.from, &mut buffer[..size])
    }
}

impl Source {
    /// Where it is, if it can't go back.
    fn at(&self) -> Option<u64> {
        match self {
            Self::Plain(_) => None,
            Self::Compressed { at, .. } => Some(*at),
        }
    }

    fn read(&mut self, from: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => {
                file.seek(SeekFrom::Start(from))?;
                file.read(buffer)
            }
            Self::Compressed { decoder, at } => {
                let mut skipped = vec![0; SKIP];
                while *at < from {
                    let size = usize::try_from(from - *at).unwrap_or(SKIP).min(SKIP);
                    match decoder.read(&mut skipped[..size])? {
                        0 => return Ok(0),
                        read => *at += read as u64,
                    }
                }
                let read = decoder.read(buffer)?;
                *at += read as u64;
                Ok(read)
            }
        }
    }
}

/// Opens the live file; none when it is not there.
fn open_live(log: &Log) -> io::Result<Option<File>> {
    let opened = match log.folder().and_then(|folder| folder.read(log.name())) {
        // A link to a log is read, though never cut.
        Err(error) if error.kind() != io::ErrorKind::NotFound => os::open_to_read(&log.path),
        opened => opened,
    };
    match opened {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

/// Opens a rotated log, compressed or not; none when it was removed.
fn open(log: &Log, piece: &Piece) -> io::Result<Option<Source>> {
    let folder = log.folder()?;
    let name = log.name_of(&piece.stamp);
    let mut compressed = name.clone();
    compressed.push(COMPRESSED);
    let is_missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    match folder.read(&name) {
        Ok(file) => return Ok(Some(Source::Plain(file))),
        Err(error) if !is_missing(&error) => return Err(error),
        Err(_) => {}
    }
    match folder.read(&compressed) {
        Ok(file) => {
            let decoder = Box::new(MultiGzDecoder::new(file));
            Ok(Some(Source::Compressed { decoder, at: 0 }))
        }
        Err(error) if !is_missing(&error) => Err(error),
        Err(_) => Ok(None),
    }
}

/// How many bytes a rotated log has, not compressed; of a compressed one its last four bytes tell.
pub(super) fn length(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    if path.extension().is_none_or(|ending| ending != &COMPRESSED[1..]) {
        return Ok(file.metadata()?.len());
    }
    let mut last = [0; 4];
    file.seek(SeekFrom::End(-4))?;
    file.read_exact(&mut last)?;
    Ok(u64::from(u32::from_le_bytes(last)))
}
