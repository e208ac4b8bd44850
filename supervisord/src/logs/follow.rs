//! Sends a log to a client: what is there, then, if asked, what comes.
//!
//! A task of its own for each request; it waits for the client between pieces, never the reverse.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use protocol::message::{LogText, Position, Reason, Refusal};
use tokio::sync::{Notify, oneshot};
use tokio::task;

use super::text::{Pieces, start_of_last};
use crate::control::reply::Reply;
use crate::os;

/// What is asked for.
#[derive(Debug)]
pub struct Wanted {
    /// The service.
    pub label: String,
    /// Its file.
    pub file: PathBuf,
    /// Only the last so many lines.
    pub lines: Option<u64>,
    /// Or from this place on, if it is still there.
    pub from: Option<Position>,
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
    let refusal = |cause| {
        let sentence = format!(
            "cannot show the log of {}: read {}: {cause}",
            wanted.label,
            wanted.file.display()
        );
        Refusal::new(Reason::Failed, sentence)
    };
    reply.send(outcome.map(|()| serde_json::Map::new()).map_err(refusal));
}

async fn stream(
    wanted: &Wanted,
    follow: Option<oneshot::Receiver<()>>,
    reply: &Reply,
) -> io::Result<()> {
    let Some(mut removed) = follow else {
        if let Some(mut log) = Log::open(&wanted.file, (wanted.lines, wanted.from)).await? {
            log.send_rest(wanted, reply).await?;
        }
        return Ok(());
    };
    let mut start = (wanted.lines, wanted.from);
    loop {
        // Watched before it is read, so that nothing falls between.
        let changes = Changes::watch(&wanted.file)?;
        if let Some(mut log) = Log::open(&wanted.file, start).await? {
            loop {
                log.send_rest(wanted, reply).await?;
                if log.is_replaced(&wanted.file) {
                    log.send_rest(wanted, reply).await?;
                    break;
                }
                tokio::select! {
                    () = changes.next() => {}
                    _ = &mut removed => return log.send_rest(wanted, reply).await,
                }
            }
        } else {
            tokio::select! {
                () = changes.next() => {}
                _ = &mut removed => return Ok(()),
            }
        }
        // A file that appears while we follow is new as a whole.
        start = (None, None);
    }
}

struct Log {
    parts: Option<(File, Pieces)>,
}

impl Log {
    /// The file from its last lines on, or `None` when there is none.
    async fn open(
        path: &Path,
        (lines, from): (Option<u64>, Option<Position>),
    ) -> io::Result<Option<Self>> {
        let path = path.to_owned();
        let opened = blocking(move || {
            let mut file = match os::open_to_read(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            match (from, lines) {
                (Some(from), _) => {
                    let is_there = from.file == os::file_number(&file)?
                        && from.offset <= file.metadata()?.len();
                    file.seek(SeekFrom::Start(if is_there { from.offset } else { 0 }))?;
                }
                (None, Some(lines)) => {
                    let start = start_of_last(&mut file, lines)?;
                    file.seek(SeekFrom::Start(start))?;
                }
                (None, None) => {}
            }
            Ok(Some(file))
        });
        Ok(opened.await?.map(|file| Self { parts: Some((file, Pieces::default())) }))
    }

    async fn send_rest(&mut self, wanted: &Wanted, reply: &Reply) -> io::Result<()> {
        loop {
            let (mut file, mut pieces) = self.parts.take().expect("given back after each piece");
            let (parts, piece) = blocking(move || {
                rewind_if_cut(&mut file)?;
                let piece = pieces.next(&mut file)?;
                let offset = file.stream_position()? - pieces.held() as u64;
                let next = Position { file: os::file_number(&file)?, offset };
                Ok(((file, pieces), piece.map(|text| (text, next))))
            })
            .await?;
            self.parts = Some(parts);
            let Some((text, next)) = piece else { return Ok(()) };
            let (request, label) = (reply.id().clone(), wanted.label.clone());
            reply.notify("log", LogText { request, label, text, next: Some(next) }).await;
        }
    }

    /// The path leads to another file by now, or to none.
    fn is_replaced(&self, path: &Path) -> bool {
        let (file, _) = self.parts.as_ref().expect("given back after each piece");
        !os::is_same_file(file, path)
    }
}

/// Someone emptied the file: its new content begins at its start.
fn rewind_if_cut(file: &mut File) -> io::Result<()> {
    if file.metadata()?.len() < file.stream_position()? {
        file.rewind()?;
    }
    Ok(())
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

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    task::spawn_blocking(work).await.map_err(io::Error::other)?
}
