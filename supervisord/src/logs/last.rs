//! The last lines of one run, for who wants to know why it ended.

use std::sync::Arc;

use jiff::Timestamp;
use protocol::message::{LastOutput, Stream};

use super::log::Log;
use super::read::Reader;
use super::select::Select;
use super::{Streams, What};

/// So many lines tell why, in most cases.
const LINES: u64 = 10;

/// Bytes of them that are shown, the last; a line may be of any length.
const BYTES_MAX: u64 = 8 << 10;

impl Streams {
    /// The last lines of that run, stream by stream. Reads files, so not for the loop.
    #[must_use]
    pub fn last_output(&self, label: &str, run: u32) -> Vec<LastOutput> {
        let is_one = self.each().count() == 1;
        let both = [(&self.stdout, Stream::Stdout), (&self.stderr, Stream::Stderr)];
        let each = both.into_iter().filter_map(|(log, stream)| Some((log.as_ref()?, stream)));
        let each = each.take(if is_one { 1 } else { 2 });
        each.filter_map(|(log, stream)| {
            let lines = lines(log, label, run)?;
            let stream = (!is_one).then_some(stream);
            (!lines.is_empty()).then(|| LastOutput { run: run.into(), stream, lines })
        })
        .collect()
    }
}

fn lines(log: &Arc<Log>, label: &str, run: u32) -> Option<Vec<String>> {
    log.settle();
    let is_known = log
        .marks()
        .iter()
        .any(|mark| mark.label == label && mark.run == run && matches!(mark.what, What::Began(_)));
    if !is_known {
        return None;
    }
    let (run, lines) = (Some(i64::from(run)), Some(LINES));
    let now = Timestamp::UNIX_EPOCH;
    let select = Select { now, lines, from: None, run, since: None, until: None };
    let range = select.range(log, label, false).ok()?;
    let end = range.end?;
    let mut reader = Reader::new(Arc::clone(log), range.start.max(end.saturating_sub(BYTES_MAX)));
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while reader.at() < end {
        let size = usize::try_from(end - reader.at()).unwrap_or(chunk.len()).min(chunk.len());
        match reader.read(&mut chunk[..size]) {
            Ok(0) | Err(_) => break,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
    Some(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
}
