//! The thread that writes. Jobs go in order; each is answered when it is safe on the disk.
//!
//! Goals that wait together are made safe together, by one sync. Goals that could not be written
//! are owed, and written with the next ones or as soon as the disk takes them again.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc as tokio_mpsc;

use super::StoreError;
use super::goals::{self, Goals, Intent};

/// The journal is written anew when it is longer, in bytes.
const JOURNAL_MAX: u64 = 1 << 20;

/// Pause before goals that could not be written are tried again.
const RETRY: Duration = Duration::from_secs(2);

/// How files begin that are not yet in their place; hidden, and nobody else's.
const BESIDE: &str = ".supervisord-";

/// Names a job; later jobs have higher numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// The loop's end of the writing thread.
#[derive(Debug)]
pub struct Disk {
    jobs: mpsc::Sender<(JobId, Job)>,
    done: tokio_mpsc::UnboundedReceiver<Done>,
    last: JobId,
}

/// Something to write.
#[derive(Debug)]
enum Job {
    Replace { file: PathBuf, bytes: Vec<u8> },
    Delete { file: PathBuf },
    Goal { label: String, intent: Intent },
}

/// A job is safe on the disk, or could not be done and changed nothing.
#[derive(Debug)]
pub struct Done {
    /// Which; the default one, which is nobody's, when all goals that were owed are written.
    pub job: JobId,
    /// How it went.
    pub result: Result<(), StoreError>,
}

impl Disk {
    /// Starts the thread; `goals` is what the file at `goals_file` says, which is written anew. A
    /// disk that takes nothing just now is no reason not to begin.
    ///
    /// # Errors
    /// [`StoreError::Write`] when there can be no thread.
    pub fn start(goals_file: &Path, goals: &Goals) -> Result<Self, StoreError> {
        let failed = |cause| StoreError::Write { path: goals_file.to_owned(), cause };
        let (jobs, inbox) = mpsc::channel();
        let (outbox, done) = tokio_mpsc::unbounded_channel();
        let path = goals_file.to_owned();
        let mut writer = Writer { journal: None, path, owed: Goals::new(), outbox };
        if let Err(error) = writer.renew(goals.clone()) {
            log::error!("{}; it is tried again with the next change", failed(error));
        }
        thread::Builder::new()
            .name("disk".to_owned())
            .stack_size(128 << 10)
            .spawn(move || writer.run(&inbox))
            .map_err(failed)?;
        Ok(Self { jobs, done, last: JobId::default() })
    }

    /// Puts `bytes` in place of what `file` holds, whole or not at all.
    pub fn replace(&mut self, file: PathBuf, bytes: Vec<u8>) -> JobId {
        self.give(Job::Replace { file, bytes })
    }

    /// Deletes a file; one that is gone already is fine.
    pub fn delete(&mut self, file: PathBuf) -> JobId {
        self.give(Job::Delete { file })
    }

    /// Notes what was asked of a service; the default intent forgets the label.
    pub fn goal(&mut self, label: &str, intent: Intent) -> JobId {
        self.give(Job::Goal { label: label.to_owned(), intent })
    }

    /// The next finished job; they finish in order.
    pub async fn done(&mut self) -> Done {
        self.done.recv().await.expect("the writing thread lives as long as the daemon")
    }

    fn give(&mut self, job: Job) -> JobId {
        self.last.0 += 1;
        self.jobs.send((self.last, job)).expect("the writing thread lives as long as the daemon");
        self.last
    }
}

struct Writer {
    /// Open for appending; without it the next write makes the file anew.
    journal: Option<File>,
    path: PathBuf,
    /// What the journal does not say yet.
    owed: Goals,
    outbox: tokio_mpsc::UnboundedSender<Done>,
}

impl Writer {
    fn run(mut self, inbox: &mpsc::Receiver<(JobId, Job)>) {
        while let Some(first) = self.next(inbox) {
            let batch: Vec<_> = std::iter::once(first).chain(inbox.try_iter()).collect();
            let mut has_goals = false;
            for (_, job) in &batch {
                if let Job::Goal { label, intent } = job {
                    self.owed.insert(label.clone(), *intent);
                    has_goals = true;
                }
            }
            let goals_written = if has_goals { self.pay() } else { Ok(()) };
            for (job, work) in batch {
                let written = |path: PathBuf, result: io::Result<()>| {
                    result.map_err(|cause| StoreError::Write { path, cause })
                };
                let result = match work {
                    Job::Replace { file, bytes } => {
                        let result = replace(&file, &bytes);
                        written(file, result)
                    }
                    Job::Delete { file } => {
                        let result = delete(&file);
                        written(file, result)
                    }
                    Job::Goal { .. } => written(self.path.clone(), again(&goals_written)),
                };
                if self.outbox.send(Done { job, result }).is_err() {
                    return;
                }
            }
        }
    }

    /// The next job; while goals are owed they are tried again and again.
    fn next(&mut self, inbox: &mpsc::Receiver<(JobId, Job)>) -> Option<(JobId, Job)> {
        while !self.owed.is_empty() {
            match inbox.recv_timeout(RETRY) {
                Ok(job) => return Some(job),
                Err(mpsc::RecvTimeoutError::Disconnected) => return None,
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            if self.pay().is_ok() {
                let done = Done { job: JobId::default(), result: Ok(()) };
                self.outbox.send(done).ok()?;
            }
        }
        inbox.recv().ok()
    }

    /// Writes all goals that are owed, or none, and returns when they are safe.
    fn pay(&mut self) -> io::Result<()> {
        let length = match &self.journal {
            Some(journal) => journal.metadata()?.len(),
            None => JOURNAL_MAX,
        };
        match self.journal.take() {
            Some(mut journal) if length < JOURNAL_MAX => {
                let lines = self.owed.iter().map(|(label, intent)| goals::line(label, *intent));
                let lines: String = lines.collect();
                if let Err(error) =
                    journal.write_all(lines.as_bytes()).and_then(|()| journal.sync_data())
                {
                    // What a failed sync left of it is unknown, so the file is made anew. Half a
                    // line would swallow the next one; if this fails too, the reader copes.
                    let _ = journal.set_len(length);
                    return Err(error);
                }
                self.journal = Some(journal);
            }
            Some(_) | None => {
                let cannot_read = |error: StoreError| io::Error::other(error.to_string());
                let mut goals = goals::read(&self.path).map_err(cannot_read)?.goals;
                for (label, intent) in &self.owed {
                    goals::change(&mut goals, label.clone(), *intent);
                }
                self.renew(goals)?;
            }
        }
        self.owed.clear();
        Ok(())
    }

    /// Writes the journal anew, with nothing superfluous in it.
    fn renew(&mut self, goals: Goals) -> io::Result<()> {
        self.journal = None;
        replace(&self.path, goals::whole(&goals).as_bytes())?;
        self.journal = Some(File::options().append(true).open(&self.path)?);
        Ok(())
    }
}

fn again(result: &io::Result<()>) -> io::Result<()> {
    result.as_ref().copied().map_err(|error| match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    })
}

/// Takes away what a daemon that was killed had not yet put in its place.
pub fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(BESIDE)
            && let Err(error) = fs::remove_file(entry.path())
        {
            log::warn!("cannot remove {}: {error}", entry.path().display());
        }
    }
}

/// Writes beside the file, syncs, renames over it, and syncs the folder.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let before = fs::read(file).ok();
    put(file, bytes)?;
    sync_or_undo(file, before)
}

fn delete(file: &Path) -> io::Result<()> {
    let before = fs::read(file).ok();
    match fs::remove_file(file) {
        Ok(()) => sync_or_undo(file, before),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn put(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut beside = tempfile::Builder::new().prefix(BESIDE).tempfile_in(folder)?;
    beside.write_all(bytes)?;
    crate::os::make_readable(beside.as_file())?;
    beside.as_file().sync_all()?;
    beside.persist(file).map_err(|error| error.error)?;
    Ok(())
}

/// Makes a change of a folder safe; where that fails the file is as before, since the change is
/// going to be refused.
fn sync_or_undo(file: &Path, before: Option<Vec<u8>>) -> io::Result<()> {
    let folder = file.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let synced = crate::os::sync_folder(folder);
    if synced.is_err() {
        let undone = match before {
            Some(bytes) => put(file, &bytes),
            None => fs::remove_file(file),
        };
        if let Err(error) = undone {
            log::error!("cannot put {} back: {error}", file.display());
        }
    }
    synced
}
