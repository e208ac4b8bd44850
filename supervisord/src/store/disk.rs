//! The thread that writes. Jobs go in order; each is answered when it is safe on the disk.
//!
//! Goals that wait together are made safe together, by one sync.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use tokio::sync::mpsc as tokio_mpsc;

use super::StoreError;
use super::goals::{self, Goals};

/// The journal is written anew when it is longer, in bytes.
const JOURNAL_MAX: u64 = 1 << 20;

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
    Goal { line: String },
}

/// A job is safe on the disk, or could not be done and changed nothing.
#[derive(Debug)]
pub struct Done {
    /// Which.
    pub job: JobId,
    /// How it went.
    pub result: Result<(), StoreError>,
}

impl Disk {
    /// Starts the thread; `goals` is what the file at `goals_file` says, which is written anew.
    ///
    /// # Errors
    /// [`StoreError::Write`] when the goals can't be written.
    pub fn start(goals_file: &Path, goals: &Goals) -> Result<Self, StoreError> {
        let failed = |cause| StoreError::Write { path: goals_file.to_owned(), cause };
        replace(goals_file, goals::whole(goals).as_bytes()).map_err(failed)?;
        let journal = File::options().append(true).open(goals_file).map_err(failed)?;
        let (jobs, inbox) = mpsc::channel();
        let (outbox, done) = tokio_mpsc::unbounded_channel();
        let writer = Writer { journal, path: goals_file.to_owned(), outbox };
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

    /// Appends a line made by [`goals::line`].
    pub fn goal(&mut self, line: String) -> JobId {
        self.give(Job::Goal { line })
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
    journal: File,
    path: PathBuf,
    outbox: tokio_mpsc::UnboundedSender<Done>,
}

impl Writer {
    fn run(mut self, inbox: &mpsc::Receiver<(JobId, Job)>) {
        while let Ok(first) = inbox.recv() {
            let batch: Vec<_> = std::iter::once(first).chain(inbox.try_iter()).collect();
            let goals: String = batch
                .iter()
                .filter_map(|(_, job)| match job {
                    Job::Goal { line } => Some(line.as_str()),
                    Job::Replace { .. } | Job::Delete { .. } => None,
                })
                .collect();
            let goals_written = if goals.is_empty() { Ok(()) } else { self.append(&goals) };
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

    /// Appends whole lines or nothing, and returns when they are safe.
    fn append(&mut self, lines: &str) -> io::Result<()> {
        let length = self.journal.metadata()?.len();
        let written =
            self.journal.write_all(lines.as_bytes()).and_then(|()| self.journal.sync_data());
        if written.is_ok() {
            return self.compact_beyond(JOURNAL_MAX);
        }
        // Half a line would swallow the next one; if this fails too, the reader copes.
        let _ = self.journal.set_len(length);
        written
    }

    /// Writes the journal anew without what later lines made void. A failure leaves the long one.
    fn compact_beyond(&mut self, size: u64) -> io::Result<()> {
        if self.journal.metadata()?.len() < size {
            return Ok(());
        }
        if let Ok(goals) = goals::read(&self.path)
            && replace(&self.path, goals::whole(&goals).as_bytes()).is_ok()
        {
            self.journal = File::options().append(true).open(&self.path)?;
        }
        Ok(())
    }
}

fn again(result: &io::Result<()>) -> io::Result<()> {
    result.as_ref().copied().map_err(|error| match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    })
}

/// Writes beside the file, syncs, renames over it, and syncs the folder.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut beside = tempfile::Builder::new().prefix(".").suffix(".new").tempfile_in(folder)?;
    beside.write_all(bytes)?;
    crate::os::make_readable(beside.as_file())?;
    beside.as_file().sync_all()?;
    beside.persist(file).map_err(|error| error.error)?;
    crate::os::sync_folder(folder)
}

fn delete(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Ok(()) => crate::os::sync_folder(file.parent().ok_or(io::ErrorKind::InvalidInput)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
