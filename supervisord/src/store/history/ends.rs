//! The ends of history files: where the next line goes, and what the latest ones tell.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use protocol::message::Event;

use super::{FORMAT, Header, TAIL};

/// The file, begun where there is none, and ended behind its last whole line.
pub(super) fn append(path: &Path) -> io::Result<(File, u64)> {
    let mut file = File::options().create(true).append(true).read(true).open(path)?;
    let length = file.metadata()?.len();
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    file.read_to_end(&mut end)?;
    let torn = end.iter().rev().take_while(|byte| **byte != b'\n').count() as u64;
    let mut size = length - torn;
    file.set_len(size)?;
    if size == 0 {
        let mut header = serde_json::to_vec(&Header { format: FORMAT })?;
        header.push(b'\n');
        size = header.len() as u64;
        if let Err(error) = file.write_all(&header) {
            let _ = file.set_len(0);
            return Err(error);
        }
    }
    Ok((file, size))
}

/// The end of a file.
#[derive(Default)]
pub(super) struct Tail {
    pub(super) events: Vec<Event>,
    pub(super) length: u64,
    pub(super) is_damaged: bool,
}

/// What the last so many bytes of a file tell.
pub(super) fn tail(path: &Path, length_max: u64) -> io::Result<Tail> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Tail::default()),
        file => file?,
    };
    let length = file.metadata()?.len();
    let from = length.saturating_sub(length_max);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let mut tail = Tail { length, ..Tail::default() };
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    // In the middle of the file it is half a line.
    let is_header = serde_json::from_slice::<Header>(first).is_ok();
    if from == 0 && !is_header && first.ends_with(b"\n") {
        log::error!("cannot read {}, first line: no format", path.display());
        tail.is_damaged = true;
    }
    for line in lines {
        if !line.ends_with(b"\n") {
            // Cut short with its daemon; it is taken away with the next write.
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(event) => tail.events.push(event),
            Err(error) => {
                log::error!("cannot read a line of {}: {error}", path.display());
                tail.is_damaged = true;
            }
        }
    }
    Ok(tail)
}

/// Writes the file anew with what of it can be read.
pub(super) fn mend(path: &Path) -> io::Result<()> {
    let Tail { events, .. } = tail(path, u64::MAX)?;
    let mut text = serde_json::to_vec(&Header { format: FORMAT })?;
    text.push(b'\n');
    for event in events {
        serde_json::to_writer(&mut text, &event)?;
        text.push(b'\n');
    }
    let beside = path.with_extension("new");
    fs::write(&beside, &text).and_then(|()| fs::rename(&beside, path))
}
