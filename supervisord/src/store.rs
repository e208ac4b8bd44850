//! What must survive: definitions in the services folder, goals and history in the state folder.
//!
//! Reading happens at the start of day; every write goes through one thread, so that a slow disk
//! never holds the loop up.

pub mod disk;
pub mod folder;
pub mod goals;
pub mod history;
pub mod record;
pub mod runs;
pub mod settings;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use protocol::address::Paths;
use protocol::definition::Settings;
use protocol::message::Event;
use thiserror::Error;

use self::disk::Disk;
use self::folder::Found;
use self::goals::Goals;
use self::history::Journal;
use self::runs::{Pasts, Runs};

/// The journal of goals, in the state folder.
const GOALS: &str = "goals.jsonl";

/// What happened, in the state folder.
const HISTORY: &str = "history.jsonl";

/// The journal of runs, in the run folder.
const RUNS: &str = "runs.jsonl";

/// What was found at the start of day, and the thread that writes from then on.
#[derive(Debug)]
pub struct Store {
    /// The definitions.
    pub found: Found,
    /// What holds where they say nothing.
    pub settings: Settings,
    /// What was asked of each service.
    pub goals: Goals,
    /// Writes.
    pub disk: Disk,
    /// What a daemon before this one left, since the machine booted.
    pub pasts: Pasts,
    /// What this one leaves if it is killed.
    pub runs: Runs,
    /// What happened lately, and where it is written down.
    pub history: (Vec<Event>, Journal),
}

/// Why the store can't be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A file or folder can't be read.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// A file can't be written.
    #[error("cannot write {}: {cause}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// A file was written by a newer supervisord.
    #[error("cannot read {}: its format is {format}, newer than this supervisord", path.display())]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
}

/// Proves that what is stored can be read, and changes nothing.
///
/// # Errors
/// [`StoreError`] as [`open`] would give it for reading.
pub fn check(paths: &Paths) -> Result<(), StoreError> {
    folder::read(&paths.services)?;
    goals::read(&paths.state.join(GOALS))?;
    runs::read(&paths.run.join(RUNS))?;
    history::check(&paths.state.join(HISTORY))
}

/// Reads what there is and starts the writing thread.
///
/// # Errors
/// [`StoreError`] when a folder can't be read, or a file is of a newer version. A bad definition, a
/// damaged file and a full disk are none.
pub fn open(paths: &Paths) -> Result<Store, StoreError> {
    disk::sweep(&paths.services);
    disk::sweep(&paths.state);
    let found = folder::read(&paths.services)?;
    let file = paths.state.join(GOALS);
    let goals::Read { goals, is_damaged } = goals::read(&file)?;
    if is_damaged {
        set_aside(&file);
    }
    let disk = Disk::start(&file, &goals)?;
    let (pasts, runs) = runs::open(&paths.run.join(RUNS))?;
    let settings = settings::read(&paths.settings()).unwrap_or_else(|rejected| {
        for fault in rejected.faults {
            log::error!("cannot take {}: {fault}; it counts as empty", rejected.file);
        }
        Settings::default()
    });
    let history = history::open(&paths.state.join(HISTORY))?;
    Ok(Store { found, settings, goals, disk, pasts, runs, history })
}

/// Opens a file that people write. What is no file is not opened, since that might wait for ever.
fn open_file(path: &Path) -> io::Result<fs::File> {
    match fs::metadata(path)?.is_file() {
        true => fs::File::open(path),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// Keeps a copy of a damaged file, which is about to be written anew.
fn set_aside(file: &Path) {
    let aside = file.with_extension("damaged");
    match fs::copy(file, &aside) {
        Ok(_) => log::error!("{} is damaged; a copy is {}", file.display(), aside.display()),
        Err(error) => log::error!("cannot copy {}: {error}", file.display()),
    }
}
