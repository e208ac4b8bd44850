//! Compresses rotated logs, one after the other, in a thread that has only what no other wants and
//! that is there only while there is something to do.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::bounds::Bounds;
use super::log::Log;
use super::retain::retain;
use super::stamp::COMPRESSED;
use crate::os::{self, Bell};

/// The compressor's tables pass over the stack, more than once without optimisation.
const STACK_BYTES: usize = 2 << 20;

/// What is not finished yet.
pub(super) const COMPRESSING: &str = ".compressing";

/// What is to be compressed.
#[derive(Debug)]
pub(super) struct Compressor {
    jobs: Arc<Mutex<Jobs>>,
    bell: Bell,
}

#[derive(Debug, Default)]
struct Jobs {
    queue: VecDeque<(Arc<Log>, String, Bounds)>,
    is_running: bool,
    /// So many are done that nobody has asked about.
    done: usize,
}

impl Compressor {
    /// One with nothing to do; the bell tells when there is less to keep than before.
    pub(super) fn new(bell: Bell) -> Self {
        Self { jobs: Arc::default(), bell }
    }

    /// Compresses that rotated log as soon as nobody else needs the machine.
    pub(super) fn add(&self, log: &Arc<Log>, stamp: String, bounds: Bounds) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.queue.push_back((Arc::clone(log), stamp, bounds));
        if jobs.is_running {
            return;
        }
        let (shared, bell) = (Arc::clone(&self.jobs), self.bell.clone());
        let builder = thread::Builder::new().name("compress".to_owned()).stack_size(STACK_BYTES);
        match builder.spawn(move || run(&shared, &bell)) {
            Ok(_) => jobs.is_running = true,
            // They stay as they are until the next one comes.
            Err(error) => log::warn!("cannot compress logs: {error}"),
        }
    }

    /// Some were compressed since it was last asked.
    pub(super) fn has_done(&self) -> bool {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut jobs.done) != 0
    }
}

fn run(shared: &Mutex<Jobs>, bell: &Bell) {
    os::yield_all();
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let mut jobs = lock();
        let Some((log, stamp, bounds)) = jobs.queue.pop_front() else {
            jobs.is_running = false;
            return;
        };
        drop(jobs);
        let path = log.path.with_file_name(log.name_of(&stamp));
        match compress(&log, &stamp).and_then(|()| retain(&log, &bounds)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                log::error!("cannot compress {}: {error}; it stays as it is", path.display());
            }
            Ok(()) | Err(_) => {}
        }
        lock().done += 1;
        bell.ring();
    }
}

/// Puts the compressed one in the place of the other, whole and safe before that goes.
fn compress(log: &Log, stamp: &str) -> io::Result<()> {
    let folder = log.folder()?;
    let name = log.name_of(stamp);
    let mut compressed = name.clone();
    compressed.push(COMPRESSED);
    let beside = log.name_beside(COMPRESSING);
    let mut plain = folder.read(&name)?;
    if folder.read(&compressed).is_err() {
        folder.remove(&beside)?;
        let written = (|| {
            let file = folder.create(&beside, &plain)?;
            let mut encoder = GzEncoder::new(file, Compression::default());
            io::copy(&mut plain, &mut encoder)?;
            let mut file = encoder.finish()?;
            file.flush()?;
            file.sync_all()?;
            folder.rename(&beside, &compressed)?;
            folder.sync()
        })();
        if written.is_err() {
            let _ = folder.remove(&beside);
        }
        written?;
    }
    folder.remove(&name)?;
    if !log.pieces().iter().any(|piece| piece.stamp == stamp) {
        // It was removed meanwhile, for there were too many.
        folder.remove(&compressed)?;
    }
    Ok(())
}
