//! Sends a log to a client: what is there, then, if asked, what comes.
//!
//! A task of its own for each request; it waits for the client between pieces, never the reverse.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use protocol::message::{LogEvent, LogMark, LogText, Position, Reason, Refusal};
use tokio::sync::{Notify, oneshot};
use tokio::task;

use super::log::Log;
use super::read::Reader;
use super::select::{Range, Select, Unselected};
use super::text::Pieces;
use super::{Mark, What, stamp};
use crate::control::reply::Reply;
use crate::os;

/// What is asked for.
#[derive(Debug)]
pub struct Wanted {
    /// The service.
    pub label: String,
    /// Its log.
    pub log: Arc<Log>,
    /// Which part of it.
    pub select: Select,
    /// What happened between runs is sent too.
    pub marks: bool,
    /// Present when the log is to be followed; ends when its sender is dropped.
    pub follow: Option<oneshot::Receiver<()>>,
}

/// Sends the log and answers the request.
pub async fn send(mut wanted: Wanted, reply: Reply) {
    let follow = wanted.follow.take();
    let outcome = tokio::select! {
        outcome = stream(&wanted, follow, &reply) => outcome,
        () = reply.closed() => return,
    };
    let refusal = |cause: Unselected| {
        let label = &wanted.label;
        let cause = match cause {
            Unselected::Unreadable(cause) => {
                format!("read {}: {cause}", wanted.log.path.display())
            }
            Unselected::NoSuchRun(cause) => cause,
        };
        Refusal::new(Reason::Failed, format!("cannot show the log of {label}: {cause}"))
    };
    reply.send(outcome.map(|()| serde_json::Map::new()).map_err(refusal));
}

async fn stream(
    wanted: &Wanted,
    follow: Option<oneshot::Receiver<()>>,
    reply: &Reply,
) -> Result<(), Unselected> {
    let (log, select, label) = (Arc::clone(&wanted.log), wanted.select, wanted.label.clone());
    let is_followed = follow.is_some();
    let range = blocking(move || Ok(select.range(&log, &label, is_followed))).await??;
    let mut source = Source::new(wanted, range);
    let Some(mut removed) = follow else { return Ok(source.send_rest(wanted, reply).await?) };
    loop {
        // Watched before it is read, so that nothing falls between.
        let changes = Changes::watch(&wanted.log.path)?;
        let watched = os::open_to_read(&wanted.log.path).ok();
        loop {
            let mut marked = std::pin::pin!(wanted.log.changed.notified());
            marked.as_mut().enable();
            source.send_rest(wanted, reply).await?;
            let is_same = |file| os::is_same_file(file, &wanted.log.path);
            if watched.as_ref().map_or_else(|| wanted.log.path.exists(), |file| !is_same(file)) {
                break;
            }
            tokio::select! {
                () = changes.next() => {}
                () = marked => {}
                _ = &mut removed => return Ok(source.send_rest(wanted, reply).await?),
            }
        }
    }
}

/// Where the text and the marks come from, in their order.
struct Source {
    /// Given away while a piece is read.
    parts: Option<Parts>,
}

struct Parts {
    log: Arc<Log>,
    reader: Reader,
    pieces: Pieces,
    end: Option<u64>,
    marks: Option<Marks>,
}

/// The marks that are to come.
struct Marks {
    coming: VecDeque<Mark>,
    /// The number of the last that is wanted.
    last: u64,
    /// The number of the last that was sent.
    sent: u64,
    /// When the last before what comes next was made, sent or not.
    at: Option<Timestamp>,
}

/// What is sent next.
enum Item {
    Text(String, Option<Timestamp>),
    Mark(Mark),
}

impl Source {
    fn new(wanted: &Wanted, range: Range) -> Self {
        let log = Arc::clone(&wanted.log);
        let marks = wanted.marks.then(|| Marks {
            coming: VecDeque::new(),
            last: range.marks.1,
            sent: range.marks.0,
            at: None,
        });
        let reader = Reader::new(Arc::clone(&log), range.start);
        let pieces = Pieces::default();
        Self { parts: Some(Parts { log, reader, pieces, end: range.end, marks }) }
    }

    async fn send_rest(&mut self, wanted: &Wanted, reply: &Reply) -> io::Result<()> {
        loop {
            let mut parts = self.parts.take().expect("given back after each piece");
            let (parts, item, next) = blocking(move || {
                let item = parts.next()?;
                let next = Position {
                    file: parts.log.file().unwrap_or_default(),
                    offset: parts.reader.at() - parts.pieces.held() as u64,
                    mark: parts.marks.as_ref().map(|marks| marks.sent),
                };
                Ok((parts, item, next))
            })
            .await?;
            self.parts = Some(parts);
            let (text, at, mark) = match item {
                None => return Ok(()),
                Some(Item::Text(text, at)) => (text, at.map(|at| at.to_string()), None),
                Some(Item::Mark(mark)) => (String::new(), None, Some(said(mark))),
            };
            let (request, label, next) = (reply.id().clone(), wanted.label.clone(), Some(next));
            reply.notify("log", LogText { request, label, text, next, mark, at }).await;
        }
    }
}

impl Parts {
    fn next(&mut self) -> io::Result<Option<Item>> {
        let mut end = self.end;
        if let Some(marks) = &mut self.marks {
            // A mark that is made from now on stands behind the present end.
            end = end.or_else(|| Some(self.log.extent().2));
            let at = self.reader.at() - self.pieces.held() as u64;
            // Only at the end, or at a mark, can there be new ones in front.
            if marks.coming.front().is_none_or(Mark::is_fresh) {
                marks.read(&self.log);
            }
            let is_next = marks.coming.front().is_some_and(|mark| mark.offset <= at);
            if is_next && self.end.is_none() && marks.is_to_be_told_more() {
                return Ok(None);
            }
            if is_next && let Some(mark) = marks.pass() {
                return Ok(Some(Item::Mark(mark)));
            }
        }
        let at = self.at();
        let mark = self.marks.as_ref().and_then(|marks| marks.coming.front());
        let end = end.into_iter().chain(mark.map(|mark| mark.offset)).min();
        let text = self.pieces.next(&mut self.reader, end)?;
        match (text, mark.is_some()) {
            (Some(text), _) => Ok(Some(Item::Text(text, at))),
            // Bytes before the mark are gone, so that it comes now; unless no byte came yet.
            (None, true) if self.end.is_none_or(|end| self.reader.at() < end) => {
                Ok(self.marks.as_mut().and_then(Marks::pass).map(Item::Mark))
            }
            (None, _) => Ok(None),
        }
    }

    /// When the mark or the rotation before the next byte was made, for who wants marks.
    fn at(&self) -> Option<Timestamp> {
        let mark = self.marks.as_ref()?.at;
        let offset = self.reader.at() - self.pieces.held() as u64;
        let rotated = self.log.pieces().into_iter().rfind(|piece| piece.end() <= offset);
        mark.max(rotated.and_then(|piece| stamp::time(&piece.stamp)))
    }
}

impl Marks {
    /// Takes over what the index has, but what was sent.
    fn read(&mut self, log: &Log) {
        let marks = log.marks();
        let before = marks.iter().rfind(|mark| mark.number <= self.sent);
        self.at = before.and_then(Mark::time).or(self.at);
        let is_new = |mark: &Mark| self.sent < mark.number && mark.number <= self.last;
        self.coming = marks.into_iter().filter(is_new).collect();
    }

    /// The next one has its turn.
    fn pass(&mut self) -> Option<Mark> {
        let mark = self.coming.pop_front()?;
        (self.sent, self.at) = (mark.number, mark.time());
        Some(mark)
    }

    /// The next one is the last there is, and its process is not known yet, but will be.
    fn is_to_be_told_more(&self) -> bool {
        self.coming.len() == 1 && self.coming.front().is_some_and(Mark::is_fresh)
    }
}

impl Mark {
    fn is_fresh(&self) -> bool {
        self.what == What::Began(None)
    }
}

fn said(mark: Mark) -> LogMark {
    let Mark { label, run, at, what, .. } = mark;
    let (event, pid, how) = match what {
        What::Began(pid) => (LogEvent::Began, pid, None),
        What::Ended(how) => (LogEvent::Ended, None, Some(how)),
    };
    LogMark { label, run, at, event, pid, how }
}

/// Changes of one file, or of its folder until the file is there.
struct Changes {
    changed: Arc<Notify>,
    _watcher: RecommendedWatcher,
}

impl Changes {
    fn watch(file: &Path) -> io::Result<Self> {
        let changed = Arc::new(Notify::new());
        let notify = Arc::clone(&changed);
        let mut watcher =
            notify::recommended_watcher(move |_| notify.notify_one()).map_err(io::Error::other)?;
        let once = RecursiveMode::NonRecursive;
        if watcher.watch(file, once).is_err() {
            let folder = file.parent().unwrap_or(Path::new("/"));
            watcher.watch(folder, once).map_err(io::Error::other)?;
            // It may have come between the two.
            if file.exists() {
                changed.notify_one();
            }
        }
        Ok(Self { changed, _watcher: watcher })
    }

    async fn next(&self) {
        self.changed.notified().await;
    }
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    task::spawn_blocking(work).await.map_err(io::Error::other)?
}
