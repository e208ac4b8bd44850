//! Reads the ledger that every child signs: who began when, under which pid, and how often.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::fault::{Cannot as _, Outcome};
use crate::ledger::{BEGAN, ENTRY, KIND_AT, LABEL, LABEL_AT, LOG_BEGAN, LOG_ENDED, PID_AT};

/// The ledger is sparse: what nobody signs costs nothing.
const ENTRIES: usize = 1 << 21;

/// A moment of CLOCK_MONOTONIC, the clock that children sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Moment {
    pub(crate) fn now() -> Self {
        let time = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every Linux has this clock");
        Self(u64::try_from(Duration::from(time).as_nanos()).expect("a boot is not that long ago"))
    }

    /// Milliseconds since an earlier moment.
    pub(crate) fn since(self, earlier: Self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "nanoseconds of a benchmark fit exactly")]
        let nanoseconds = self.0.saturating_sub(earlier.0) as f64;
        nanoseconds / 1e6
    }
}

/// The last time that a service began, and how often it did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) at: Moment,
    pub(crate) pid: i32,
    pub(crate) run: u32,
}

/// Everything in the ledger so far.
#[derive(Debug)]
pub(crate) struct Starts {
    file: File,
    read: usize,
    /// By label.
    pub(crate) latest: HashMap<String, Start>,
    /// The last of all.
    pub(crate) last: Option<Moment>,
    pub(crate) total: u64,
    pub(crate) log_began: Option<Moment>,
    pub(crate) log_ended: Option<Moment>,
}

impl Starts {
    /// A new ledger in that place.
    pub(crate) fn create(path: &Path) -> Outcome<Self> {
        let file = File::options().read(true).write(true).create_new(true).open(path);
        let what = || format!("create {}", path.display());
        let file = file.cannot(what())?;
        file.set_len((ENTRIES * ENTRY) as u64).cannot(what())?;
        let latest = HashMap::new();
        let (last, log_began, log_ended) = (None, None, None);
        Ok(Self { file, read: 0, latest, last, total: 0, log_began, log_ended })
    }

    /// Reads what was signed meanwhile, up to one that is still being written.
    pub(crate) fn refresh(&mut self) -> Outcome<()> {
        let mut entries = [0; ENTRY * 64];
        loop {
            let from = ((self.read + 1) * ENTRY) as u64;
            let length = self.file.read_at(&mut entries, from).cannot("read the ledger")?;
            let before = self.read;
            for entry in entries[..length].chunks_exact(ENTRY) {
                let at = u64::from_ne_bytes(array(entry, 0));
                if at == 0 {
                    return Ok(());
                }
                self.note(Moment(at), entry);
                self.read += 1;
            }
            if self.read == before {
                return Ok(());
            }
        }
    }

    fn note(&mut self, at: Moment, entry: &[u8]) {
        match u32::from_ne_bytes(array(entry, KIND_AT)) {
            BEGAN => {
                let pid = i32::from_ne_bytes(array(entry, PID_AT));
                let label = &entry[LABEL_AT..LABEL_AT + LABEL];
                let end = label.iter().position(|byte| *byte == 0).unwrap_or(LABEL);
                let label = String::from_utf8_lossy(&label[..end]).into_owned();
                let run = self.latest.get(&label).map_or(1, |start| start.run + 1);
                self.latest.insert(label, Start { at, pid, run });
                self.last = self.last.max(Some(at));
                self.total += 1;
            }
            LOG_BEGAN => self.log_began = Some(at),
            LOG_ENDED => self.log_ended = Some(at),
            _ => {}
        }
    }

    pub(crate) fn run_of(&self, label: &str) -> u32 {
        self.latest.get(label).map_or(0, |start| start.run)
    }
}

fn array<const N: usize>(entry: &[u8], at: usize) -> [u8; N] {
    entry[at..at + N].try_into().expect("an entry holds its fields")
}
