//! Logs of services: kept within their bounds, marked where runs begin and end, and read. What
//! writes them are the services themselves, or, by pipe, a thread of ours.

mod bounds;
mod compress;
pub mod follow;
mod index;
mod keeper;
mod last;
mod log;
mod notes;
pub(crate) mod pipe;
mod read;
mod retain;
mod rotate;
mod select;
mod sink;
mod stamp;
mod sweep;
mod text;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use protocol::address::Paths;
use protocol::definition::{Definition, LogMode, LogSink};
use supervisor_core::{ServiceId, shrink};
use tokio::sync::oneshot;

pub use self::bounds::{Bounds, Defaults};
pub use self::index::{Mark, What};
pub use self::log::Log;
pub use self::select::Select;

use self::keeper::{Command, Keeper};
use self::sweep::Known;
use crate::clock::Clock;
use crate::launch;
use crate::os::{self, Launch, Stdio};

/// How long the end of the daemon may wait for its disk.
const FLUSH: Duration = Duration::from_secs(1);

/// Reading a compressed log takes some.
const LOOK_STACK_BYTES: usize = 1 << 20;

/// Indexes, in the state folder.
const INDEXES: &str = "logs";

/// The logs of all services.
#[derive(Debug)]
pub struct Logs {
    paths: Paths,
    clock: Clock,
    keeper: Keeper,
    defaults: Defaults,
    /// By path, with the number of streams that go there, since services may share one.
    known: HashMap<PathBuf, (Arc<Log>, usize)>,
    /// The same for the keeper, which removes the indexes of others.
    indexes: Known,
    services: BTreeMap<ServiceId, Streams>,
}

/// The logs of one service; none where the stream goes nowhere.
#[derive(Debug, Clone, Default)]
pub struct Streams {
    /// Of standard output.
    pub stdout: Option<Arc<Log>>,
    /// Of standard error; the same log where both go to one file.
    pub stderr: Option<Arc<Log>>,
    /// A thread of ours writes them.
    is_piped: bool,
}

impl Streams {
    /// Each log once.
    pub fn each(&self) -> impl Iterator<Item = &Arc<Log>> {
        let is_same =
            |log: &&Arc<Log>| self.stdout.as_ref().is_some_and(|stdout| Arc::ptr_eq(stdout, log));
        self.stdout.iter().chain(self.stderr.iter().filter(move |log| !is_same(log)))
    }
}

impl Logs {
    /// Lets go of room that is left over from growing.
    pub(crate) fn shrink(&mut self) {
        shrink(&mut self.services);
        self.indexes.shrink();
    }

    /// No logs yet.
    ///
    /// # Errors
    /// What the system says about a thread or a watch.
    pub fn new(paths: Paths, clock: Clock, defaults: Defaults) -> io::Result<Self> {
        let indexes = Known::default();
        let swept = (paths.state.join(INDEXES), indexes.clone());
        let keeper = Keeper::start(paths.logs.clone(), swept, clock)?;
        keeper.tell(Command::Quota(defaults.quota));
        let (known, services) = (HashMap::new(), BTreeMap::new());
        Ok(Self { paths, clock, keeper, defaults, known, indexes, services })
    }

    /// All services there are were told; what is left of others may go.
    pub fn loaded(&self) {
        self.keeper.tell(Command::Sweep);
    }

    /// Takes other defaults over, for the services there are and those to come.
    pub fn set_defaults<'a>(
        &mut self,
        defaults: Defaults,
        services: impl Iterator<Item = (ServiceId, &'a Definition)>,
    ) {
        if self.defaults != defaults {
            self.defaults = defaults;
            self.keeper.tell(Command::Quota(defaults.quota));
            services.for_each(|(service, definition)| self.set(service, definition));
        }
    }

    /// Keeps the logs of a service as its definition says.
    pub fn set(&mut self, service: ServiceId, definition: &Definition) {
        let before = self.services.remove(&service).unwrap_or_default();
        let kept = &definition.rare.supervisor.log;
        let mut log = |path: Option<&str>| {
            let file = launch::log_file(path, definition, &self.paths)?;
            let (log, users) = self.known.entry(file).or_insert_with_key(|file| {
                let account = launch::account(definition);
                let log = Log::new(file.clone(), &self.paths.state.join(INDEXES), account);
                self.indexes.add(&log);
                (Arc::new(log), 0)
            });
            *users += 1;
            let log = Arc::clone(log);
            let bounds = self.defaults.bounds(kept, path.is_some());
            let bounds = bounds.map(|bounds| match kept.mode {
                LogMode::File => bounds,
                LogMode::Pipe => bounds.without_rotation(),
            });
            match bounds {
                Some(bounds) => {
                    self.keeper.tell(Command::Keep(key(&log), Arc::clone(&log), bounds));
                }
                None => self.keeper.tell(Command::Leave(key(&log))),
            }
            Some(log)
        };
        let has_file = kept.sinks.is_empty() || kept.sinks.contains(&LogSink::File);
        let streams = Streams {
            is_piped: kept.mode == LogMode::Pipe && has_file,
            stdout: log(definition.standard_out_path.as_deref()),
            stderr: log(definition.standard_error_path.as_deref()),
        };
        self.services.insert(service, streams);
        self.leave(&before);
    }

    /// Forgets a service; its logs stay as they are.
    pub fn forget(&mut self, service: ServiceId) {
        if let Some(before) = self.services.remove(&service) {
            self.leave(&before);
        }
    }

    /// Logs that no service writes to are left alone.
    fn leave(&mut self, before: &Streams) {
        for log in [&before.stdout, &before.stderr].into_iter().flatten() {
            let Some((_, users)) = self.known.get_mut(&log.path) else { continue };
            *users -= 1;
            if *users == 0 {
                self.keeper.tell(Command::Leave(key(log)));
                self.known.remove(&log.path);
                self.indexes.remove(log);
                self.keeper.tell(Command::Sweep);
            }
        }
    }

    /// The logs of a service.
    #[must_use]
    pub fn of(&self, service: ServiceId) -> Streams {
        self.services.get(&service).cloned().unwrap_or_default()
    }

    /// What has to be done for the logs of a run right before its process is made, by the thread
    /// that makes it: logs of ours are opened, and where the run begins is noted.
    pub fn begin(
        &self,
        service: ServiceId,
        label: &str,
        run: u32,
    ) -> impl FnOnce(&mut Launch) + Send + use<> {
        let (streams, clock, label) = (self.of(service), self.clock, label.to_owned());
        let folder = self.paths.logs.clone();
        move |launch| {
            let mut opened: Vec<(PathBuf, Stdio)> = Vec::new();
            for stdio in [&mut launch.stdout, &mut launch.stderr] {
                let Stdio::File(path) = stdio else { continue };
                // Elsewhere a service opens its files itself, by its own rights.
                if path.parent() != Some(&folder) {
                    continue;
                }
                if let Some((_, handle)) = opened.iter().find(|(known, _)| known == path) {
                    *stdio = handle.clone();
                } else if let Ok(file) = os::Folder::open(&folder).and_then(|folder| {
                    folder.log(path.file_name().unwrap_or_default(), launch.account.as_ref())
                }) {
                    let handle = Stdio::Handle(Arc::new(file.into()));
                    opened.push((path.clone(), handle.clone()));
                    *stdio = handle;
                }
            }
            for log in streams.each() {
                if streams.is_piped {
                    // So that there is something to watch; who writes it complains where it can't.
                    let _ = os::open_log(&log.path);
                }
                log.begin(&label, run, clock.wall_now());
            }
        }
    }

    /// The process of a run was made.
    pub fn spawned(&self, service: ServiceId, label: &str, run: u32, pid: u32) {
        self.note(service, label, move |log, label| log.process(label, run, pid));
        for log in self.of(service).each() {
            self.keeper.tell(Command::Look(key(log)));
        }
    }

    /// A run has ended, so.
    pub fn ended(&self, service: ServiceId, label: &str, run: u32, how: String) {
        let at = self.clock.wall_now();
        for log in self.of(service).each() {
            log.end(label, run, at, how.clone());
        }
        self.note(service, label, |log, _| log.settle());
    }

    /// A run that an earlier daemon began goes on.
    pub fn found(&self, service: ServiceId, label: &str, run: u32, pid: u32) {
        let at = self.clock.wall_now();
        self.note(service, label, move |log, label| log.go_on(label, run, pid, at));
    }

    /// A run that an earlier daemon began has ended while there was none.
    pub fn found_ended(&self, service: ServiceId, label: &str, run: u32, how: String) {
        let at = self.clock.wall_now();
        self.note(service, label, move |log, label| log.end_unseen(label, run, at, how.clone()));
    }

    /// Returns when everything that was told so far is written down, or after a second, since a
    /// slow disk must not keep the daemon from ending.
    pub async fn flush(&self) {
        let (written, is_written) = oneshot::channel::<()>();
        self.keeper.tell(Command::Note(Box::new(move || drop(written))));
        let _ = tokio::time::timeout(FLUSH, is_written).await;
    }

    /// Lets the keeper write something down, for each log of the service.
    fn note(
        &self,
        service: ServiceId,
        label: &str,
        write: impl Fn(&Log, &str) + Clone + Send + 'static,
    ) {
        for log in self.of(service).each() {
            let (log, label, write) = (Arc::clone(log), label.to_owned(), write.clone());
            self.keeper.tell(Command::Note(Box::new(move || write(&log, &label))));
        }
    }
}

/// What a thread of its own makes of that; `None` when there can be no thread just now.
pub async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (made, is_made) = oneshot::channel();
    let builder = thread::Builder::new().name("look".to_owned()).stack_size(LOOK_STACK_BYTES);
    // Who asked may be gone by then.
    let begun = builder.spawn(move || drop(made.send(work())));
    if begun.is_err() { None } else { is_made.await.ok() }
}

/// Names a log to the keeper, as long as somebody holds it.
fn key(log: &Arc<Log>) -> u64 {
    Arc::as_ptr(log) as usize as u64
}
