//! The thread that keeps logs within their bounds, and writes down what happens between runs.
//!
//! It sleeps while nothing is written: the system tells it once that a quiet log is written again,
//! then it looks a few times a second until the log is quiet. Nobody waits for it.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;
use std::{fmt, io};

use jiff::Timestamp;
use supervisor_core::Moment;

use super::bounds::{Bounds, Pace};
use super::compress::{COMPRESSING, Compressor};
use super::log::Log;
use super::retain::{keep_quota, retain};
use super::rotate::{ROTATING, Rotated, rotate};
use super::sweep::{Known, sweep};
use crate::clock::Clock;
use crate::os::{self, Bell, Writes};

/// Pause before a rotation that failed is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// A log that can't be watched is looked at so often, for want of better.
const UNWATCHED: Duration = Duration::from_secs(10);

/// Between two looks for what nobody needs any more; services may come and go by the second.
const SWEEP: Duration = Duration::from_secs(5);

/// One that is not there any more is looked for once again after that.
const MISSING: Duration = Duration::from_secs(1);

/// So many pieces are cut from one log before another has its turn.
const PIECES_MAX: usize = 16;

/// What the keeper is told.
pub(super) enum Command {
    /// Keep this log so from now on.
    Keep(u64, Arc<Log>, Bounds),
    /// Leave it alone.
    Leave(u64),
    /// Somebody is going to write to it.
    Look(u64),
    /// All rotated logs together may have so many bytes.
    Quota(u64),
    /// No service writes to some log any more, or all are known that do.
    Sweep,
    /// Something to write down, in order.
    Note(Box<dyn FnOnce() + Send>),
}

/// The way to the thread.
#[derive(Debug, Clone)]
pub(super) struct Keeper {
    commands: Sender<Command>,
    bell: Bell,
}

impl Keeper {
    /// Starts the thread, for logs in that folder and their indexes.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn start(
        folder: PathBuf,
        indexes: (PathBuf, Known),
        clock: Clock,
    ) -> io::Result<Self> {
        let (writes, bell) = Writes::new()?;
        let (commands, inbox) = mpsc::channel();
        let thread = Thread {
            clock,
            folder,
            indexes,
            quota: None,
            is_over: false,
            sweep: None,
            next_sweep: clock.now(),
            writes,
            kept: HashMap::new(),
            due: BTreeSet::new(),
            compressor: Compressor::new(bell.clone()),
        };
        thread::Builder::new()
            .name("logs".to_owned())
            .stack_size(256 << 10)
            .spawn(move || thread.run(&inbox))?;
        Ok(Self { commands, bell })
    }

    /// Tells it something.
    pub(super) fn tell(&self, command: Command) {
        // Nobody listens when the daemon is ending.
        let _ = self.commands.send(command);
        self.bell.ring();
    }
}

struct Thread {
    clock: Clock,
    folder: PathBuf,
    /// Where indexes are, and which of them are needed in any case.
    indexes: (PathBuf, Known),
    quota: Option<u64>,
    /// Something was added since the quota was last looked at.
    is_over: bool,
    /// When indexes that nobody needs any more are looked for, if there may be one.
    sweep: Option<Moment>,
    /// When that may be again.
    next_sweep: Moment,
    writes: Writes,
    kept: HashMap<u64, Kept>,
    due: BTreeSet<(Moment, u64)>,
    compressor: Compressor,
}

/// One log.
struct Kept {
    log: Arc<Log>,
    bounds: Bounds,
    pace: Pace,
    due: Option<Moment>,
    /// When its oldest byte was written, at the latest.
    since: Timestamp,
    is_failing: bool,
    /// It was not there when it was last looked for.
    is_missing: bool,
    /// The stamp of its newest rotated one, as far as these are kept.
    newest: Option<String>,
}

impl Thread {
    fn run(mut self, inbox: &Receiver<Command>) {
        os::yield_disk();
        loop {
            let now = self.clock.now();
            let next = self.due.first().map(|(due, _)| *due).into_iter().chain(self.sweep).min();
            let wait = next.map(|due| due.elapsed().saturating_sub(now.elapsed()));
            for key in self.writes.wait(wait) {
                self.set_due(key, Some(self.clock.now()));
            }
            loop {
                match inbox.try_recv() {
                    Ok(command) => self.take(command),
                    Err(mpsc::TryRecvError::Empty) => break,
                    Err(mpsc::TryRecvError::Disconnected) => return,
                }
            }
            let now = self.clock.now();
            while let Some((_, key)) = self.due.first().copied().filter(|(due, _)| *due <= now) {
                self.look(key);
            }
            if self.compressor.has_done() || self.is_over {
                self.is_over = false;
                self.keep_quota();
            }
            if self.sweep.take_if(|due| *due <= now).is_some() {
                self.sweep();
                self.next_sweep = self.clock.now() + SWEEP;
            }
        }
    }

    fn take(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::Keep(key, log, bounds) => {
                if let Some(kept) = self.kept.get_mut(&key) {
                    kept.bounds = bounds;
                } else {
                    tidy(&log);
                    let since = self.begun(&log);
                    let (pace, due) = (Pace::default(), None);
                    let (is_failing, is_missing, newest) = (false, false, None);
                    let kept =
                        Kept { log, bounds, pace, due, since, is_failing, is_missing, newest };
                    self.kept.insert(key, kept);
                }
                self.keep_pieces(key);
                self.set_due(key, Some(now));
            }
            Command::Leave(key) => {
                self.set_due(key, None);
                self.kept.remove(&key);
                if self.kept.is_empty() {
                    self.writes.rest();
                }
            }
            Command::Look(key) => self.set_due(key, Some(now)),
            Command::Quota(quota) => {
                self.quota = Some(quota);
                self.is_over = true;
            }
            Command::Sweep => self.sweep = Some(self.next_sweep.max(now)),
            Command::Note(note) => note(),
        }
    }

    /// When the oldest byte of the live file was written, as far as that can be told.
    fn begun(&self, log: &Log) -> Timestamp {
        let (_, base, _) = log.extent();
        let rotated = log.pieces().last().and_then(|piece| super::stamp::time(&piece.stamp));
        let run = || log.marks().into_iter().find(|mark| base <= mark.offset)?.at.parse().ok();
        rotated.or_else(run).unwrap_or_else(|| self.clock.wall_now())
    }

    fn set_due(&mut self, key: u64, due: Option<Moment>) {
        let Some(kept) = self.kept.get_mut(&key) else { return };
        if let Some(due) = kept.due.take() {
            self.due.remove(&(due, key));
        }
        kept.due = due;
        self.due.extend(due.map(|due| (due, key)));
    }

    /// Looks how large a log has become, and what is to be done about it.
    fn look(&mut self, key: u64) {
        let due = self.next_look(key);
        self.set_due(key, due);
        let Some(kept) = self.kept.get_mut(&key) else { return };
        let newest = kept.log.pieces().pop().map(|piece| piece.stamp);
        if kept.newest != newest {
            kept.newest = newest;
            self.is_over = true;
            self.keep_pieces(key);
        }
    }

    fn next_look(&mut self, key: u64) -> Option<Moment> {
        let now = self.clock.now();
        let kept = self.kept.get_mut(&key)?;
        let (log, bounds) = (Arc::clone(&kept.log), kept.bounds);
        let mut size = log.with(|state| state.look(&log)).flatten()?;
        let old = bounds.max_age.map(|max_age| now + self.clock.until(kept.since, max_age));
        if bounds.max_size <= size || old.is_some_and(|old| old <= now) && size != 0 {
            let limit = if bounds.max_size <= size { bounds.max_size } else { u64::MAX };
            match self.cut(&log, &bounds, limit) {
                Ok(true) if bounds.max_size <= log.with(|state| state.look(&log)).flatten()? => {
                    // Others have their turn before the rest of it.
                    return Some(self.clock.now());
                }
                Ok(is_cut) => {
                    let kept = self.kept.get_mut(&key)?;
                    kept.is_failing = false;
                    if is_cut {
                        kept.since = self.clock.wall_now();
                    }
                }
                Err(error) => {
                    let kept = self.kept.get_mut(&key)?;
                    if !kept.is_failing {
                        let path = log.path.display();
                        log::error!("cannot rotate {path}: {error}; it is tried again");
                    }
                    kept.is_failing = true;
                    log.set_trouble(Some(format!("it can't be rotated: {error}")));
                    return Some(now + RETRY);
                }
            }
            log.set_trouble(None);
            size = log.with(|state| state.look(&log)).flatten()?;
        }
        let kept = self.kept.get_mut(&key)?;
        if let Some(pause) = kept.pace.next(size, bounds.max_size) {
            return Some(self.clock.now() + pause);
        }
        // Armed before it is looked at for the last time, so that nothing falls between.
        let armed = self.writes.arm(&log.path, key);
        kept.is_missing &= armed.is_err();
        match armed {
            Ok(()) if log.with(|state| state.look(&log)).flatten() != Some(size) => Some(now),
            // A block that is not whole yet has to wait for what comes.
            Ok(()) => old.filter(|old| size != 0 && now < *old),
            // Whoever begins to write says so; one that is renamed is there again in a moment.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let was_missing = std::mem::replace(&mut kept.is_missing, true);
                (!was_missing).then_some(now + MISSING)
            }
            Err(error) => {
                complain(&error);
                Some(now + UNWATCHED)
            }
        }
    }

    /// Rotates what is too much; true when something was.
    fn cut(&mut self, log: &Arc<Log>, bounds: &Bounds, limit: u64) -> io::Result<bool> {
        let mut is_cut = false;
        for _ in 0..PIECES_MAX {
            let now = self.clock.wall_now();
            match rotate(log, limit, bounds.keep != 0, now)? {
                Rotated::Nothing => break,
                Rotated::Piece | Rotated::Dropped => is_cut = true,
            }
            retain(log, bounds)?;
            let size = log.with(|state| state.look(log)).flatten().unwrap_or_default();
            if size < bounds.max_size {
                break;
            }
        }
        Ok(is_cut)
    }

    /// Brings what an earlier daemon, or other bounds, left of rotated logs to what is asked now.
    fn keep_pieces(&self, key: u64) {
        let Some(Kept { log, bounds, .. }) = self.kept.get(&key) else { return };
        if let Err(error) = retain(log, bounds) {
            log::error!("cannot remove rotated logs of {}: {error}", log.path.display());
        }
        for piece in log.pieces() {
            if bounds.compress && log.path.with_file_name(log.name_of(&piece.stamp)).exists() {
                self.compressor.add(log, piece.stamp, *bounds);
            }
        }
    }

    fn keep_quota(&self) {
        let Some(quota) = self.quota else { return };
        if let Err(error) = keep_quota(&self.folder, quota) {
            log::error!("cannot keep {} within Quota: {error}", self.folder.display());
        }
    }

    fn sweep(&self) {
        let (indexes, known) = &self.indexes;
        if let Err(error) = sweep(indexes, known) {
            log::warn!("cannot remove what is not needed in {}: {error}", indexes.display());
        }
    }
}

/// Takes away what a daemon that was killed had not finished.
fn tidy(log: &Log) {
    let Ok(folder) = log.folder() else { return };
    for ending in [ROTATING, COMPRESSING] {
        if let Err(error) = folder.remove(&log.name_beside(ending)) {
            log::warn!("{}: cannot remove what is left of it: {error}", log.path.display());
        }
    }
}

fn complain(error: &io::Error) {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let seconds = UNWATCHED.as_secs();
        log::warn!("cannot watch all logs: {error}; some are looked at every {seconds} s");
    });
}

impl fmt::Debug for Command {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Keep(..) => "Keep",
            Self::Leave(_) => "Leave",
            Self::Look(_) => "Look",
            Self::Quota(_) => "Quota",
            Self::Sweep => "Sweep",
            Self::Note(_) => "Note",
        })
    }
}
