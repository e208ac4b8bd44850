//! Logs by pipe: the service writes into a pipe that outlives the daemon, a thread of the daemon's
//! stamps its lines and passes them on. This is the loop's side; it never waits for the thread.
//!
//! **Invariant:** at any moment the daemon may be killed, and the next one goes on where it was: no
//! line of a file is lost, none is there twice.

mod form;
mod ledger;
mod lines;
mod page;
mod service;
mod setup;
mod worker;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use protocol::address::Paths;
use protocol::definition::{Definition, LogMode};
use supervisor_core::{Moment, Run, ServiceId};
use tokio::sync::mpsc::UnboundedSender;

pub(super) use self::{
    form::{Origin, gap, stamp},
    lines::Line,
    setup::Bounds,
};

use self::ledger::Ledger;
use self::service::Tools;
use self::setup::{Outlet, Setup};
use self::worker::{Order, Worker};
use crate::clock::Clock;
use crate::daemon::Internal;
use crate::logs::Defaults;
use crate::os::{
    self, Handle, Launch, Mouth, News, Peeker, Pipe, Poller, SpawnError, Stage, Stdio, Waker,
};

/// How long the end of a run waits for its last lines; a disk may hang.
const PATIENCE: Duration = Duration::from_secs(2);

/// Which output of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Output,
    Error,
}

impl Stream {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Output => "stdout",
            Self::Error => "stderr",
        }
    }

    /// The name of a service's pipe in their folder.
    fn pipe(self, stem: &str) -> String {
        match self {
            Self::Output => format!("{stem}.out"),
            Self::Error => format!("{stem}.err"),
        }
    }
}

/// All services whose logs are piped, and the thread, if there are any.
pub(crate) struct Pipes {
    folder: PathBuf,
    clock: Clock,
    defaults: Defaults,
    internal: UnboundedSender<Internal>,
    worker: Option<Link>,
    services: BTreeMap<ServiceId, Known>,
    /// Kept open from before until the services are loaded, so that what is in them is not lost.
    inherited: Vec<Handle>,
    is_loaded: bool,
    /// There was a pipe at some time since the machine booted.
    is_used: bool,
    /// News that wait for last lines, each with its number and when it waits no longer.
    held: VecDeque<(u64, Moment, News)>,
    last: u64,
}

struct Known {
    setup: Setup,
    /// Of each outlet.
    mouths: Vec<Mouth>,
}

struct Link {
    orders: mpsc::Sender<Order>,
    waker: Waker,
}

impl Pipes {
    pub(crate) fn new(
        (paths, defaults): (&Paths, Defaults),
        clock: Clock,
        internal: UnboundedSender<Internal>,
        inherited: Vec<Handle>,
    ) -> Self {
        let folder = paths.run.join("pipes");
        Self {
            is_used: folder.exists(),
            folder,
            clock,
            defaults,
            internal,
            worker: None,
            services: BTreeMap::new(),
            inherited,
            is_loaded: false,
            held: VecDeque::new(),
            last: 0,
        }
    }

    /// Goes on with the log of a service that an earlier daemon has started.
    pub(crate) fn resume(
        &mut self,
        service: ServiceId,
        (definition, paths): (&Definition, &Paths),
        (run, pid): (u32, Option<u32>),
    ) {
        if !self.is_used {
            return;
        }
        let is_there = |name: &str| self.folder.join(name).exists();
        let Some(setup) = Setup::found(definition, (paths, &self.defaults), is_there) else {
            return;
        };
        if let Err(error) = self.open(service, setup, (run, pid)) {
            log::error!("{}: {error}", definition.label);
        }
    }

    /// All services of an earlier daemon were resumed.
    pub(crate) fn loaded(&mut self) {
        self.is_loaded = true;
        self.inherited.clear();
        self.order(Order::Loaded);
    }

    /// The definition of a service was replaced. What asks for other pipes holds from its next run.
    pub(crate) fn change(&mut self, service: ServiceId, definition: &Definition, paths: &Paths) {
        let Some(known) = self.services.get_mut(&service) else { return };
        let setup = Setup::of(definition, (paths, &self.defaults));
        if let Some(setup) = setup.filter(|setup| setup.outlets == known.setup.outlets)
            && setup != known.setup
        {
            known.setup = setup.clone();
            self.order(Order::Change { service, setup: Box::new(setup) });
        }
    }

    /// Takes other defaults over, for the services there are and those to come.
    pub(crate) fn set_defaults<'a>(
        &mut self,
        (paths, defaults): (&Paths, Defaults),
        services: impl Iterator<Item = (ServiceId, &'a Definition)>,
    ) {
        if self.defaults != defaults {
            self.defaults = defaults;
            services.for_each(|(service, definition)| self.change(service, definition, paths));
        }
    }

    /// A launch of the service has to be seen by [`Pipes::hand`].
    pub(crate) fn concern(&self, service: ServiceId, definition: &Definition) -> bool {
        let is_piped = definition.rare.supervisor.log.mode == LogMode::Pipe;
        is_piped || self.services.contains_key(&service)
    }

    /// Gives a process that is about to start its pipes, if its definition wants them.
    pub(crate) fn hand(
        &mut self,
        run: Run,
        (definition, paths): (&Definition, &Paths),
        launch: &mut Launch,
    ) -> Result<(), SpawnError> {
        let service = run.service;
        let Some(setup) = Setup::of(definition, (paths, &self.defaults)) else {
            self.forget(service);
            return Ok(());
        };
        let streams = setup.streams;
        if self.services.get(&service).is_none_or(|known| known.setup != setup) {
            self.open(service, setup, (0, None))?;
        }
        let known = &self.services[&service];
        let ends = known.setup.outlets.iter().zip(&known.mouths).map(|(outlet, mouth)| {
            let failed = |error| cannot_open(&self.folder.join(&outlet.name), &error);
            mouth.open().map(Arc::new).map_err(failed)
        });
        let ends = ends.collect::<Result<Vec<_>, _>>()?;
        let end = |stream: Option<usize>| {
            stream.map_or(Stdio::Null, |stream| Stdio::Handle(Arc::clone(&ends[stream])))
        };
        (launch.stdout, launch.stderr) = (end(streams[0]), end(streams[1]));
        self.order(Order::Begin { service, run: run.number });
        Ok(())
    }

    /// Takes news of processes; gives back what has nothing to wait for.
    pub(crate) fn hear(&mut self, news: News) -> Option<News> {
        let service = news.run().service;
        if !self.services.contains_key(&service) {
            return Some(news);
        }
        match news {
            News::Spawned { pid, .. } => {
                self.order(Order::Know { service, pid: Some(pid) });
                Some(news)
            }
            News::SpawnFailed { .. } => {
                self.order(Order::Know { service, pid: None });
                Some(news)
            }
            News::Exited { .. } | News::Cleared { .. } => {
                self.last += 1;
                let number = self.last;
                self.order(Order::Drain { service, number });
                self.held.push_back((number, self.clock.now() + PATIENCE, news));
                None
            }
        }
    }

    /// The next news whose last lines are in the log up to that number, or that waited too long.
    pub(crate) fn release(&mut self, drained: u64) -> Option<News> {
        let now = self.clock.now();
        let front = self.held.front();
        let is_due = front.is_some_and(|(number, until, _)| *number <= drained || *until <= now);
        is_due.then(|| self.held.pop_front()).flatten().map(|(_, _, news)| news)
    }

    /// When the oldest of them has waited too long.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        self.held.front().map(|(_, until, _)| *until)
    }

    /// Nothing is held back that another program of this daemon would not know.
    pub(crate) fn is_settled(&self) -> bool {
        self.held.is_empty()
    }

    /// All pipes by name. Who keeps them open keeps what is in them, also when neither the service
    /// nor a daemon is there: for the next program, or for a manager that stores descriptors.
    pub(crate) fn handles(&self) -> Vec<(String, Handle)> {
        let pipes = self.services.values().flat_map(|known| {
            known.setup.outlets.iter().map(|outlet| &outlet.name).zip(&known.mouths)
        });
        pipes.filter_map(|(name, mouth)| Some((name.clone(), mouth.open().ok()?))).collect()
    }

    /// The service is gone.
    pub(crate) fn forget(&mut self, service: ServiceId) {
        for outlet in self.close(service) {
            // Who still has it open has it as before.
            let _ = std::fs::remove_file(self.folder.join(outlet.name));
        }
    }

    fn close(&mut self, service: ServiceId) -> Vec<Outlet> {
        let Some(known) = self.services.remove(&service) else { return Vec::new() };
        self.order(Order::Close { service });
        known.setup.outlets
    }

    fn open(
        &mut self,
        service: ServiceId,
        setup: Setup,
        (run, pid): (u32, Option<u32>),
    ) -> Result<(), SpawnError> {
        let failed = |error| cannot_open(&self.folder, &error);
        os::create_folder(&self.folder, true).map_err(failed)?;
        let (mut pipes, mut mouths) = (Vec::new(), Vec::new());
        for outlet in &setup.outlets {
            let path = self.folder.join(&outlet.name);
            let opened = Pipe::open(&path).map_err(|error| cannot_open(&path, &error))?;
            pipes.push(opened.0);
            mouths.push(opened.1);
        }
        if self.worker.is_none() {
            let link = start(&self.folder, self.clock, self.internal.clone());
            self.worker = Some(link.map_err(|error| cannot_open(&self.folder, &error))?);
            if self.is_loaded {
                self.order(Order::Loaded);
            }
        }
        self.services.insert(service, Known { setup: setup.clone(), mouths });
        self.order(Order::Open { service, setup: Box::new(setup), pipes, run, pid });
        Ok(())
    }

    fn order(&self, order: Order) {
        if let Some(link) = &self.worker
            && link.orders.send(order).is_ok()
        {
            link.waker.wake();
        }
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        if let Some(Link { orders, waker }) = self.worker.take() {
            drop(orders);
            waker.wake();
        }
    }
}

fn start(folder: &Path, clock: Clock, internal: UnboundedSender<Internal>) -> io::Result<Link> {
    let (ledger, unfinished) = Ledger::open(folder)?;
    let tools = Tools::new(Peeker::new()?, ledger, clock);
    let poller = Poller::new()?;
    let (orders, inbox) = mpsc::channel();
    let waker = poller.waker();
    let worker = Worker::new((tools, unfinished), poller, inbox, internal);
    let thread = thread::Builder::new().name("pipes".to_owned()).stack_size(256 << 10);
    thread.spawn(move || worker.run())?;
    Ok(Link { orders, waker })
}

fn cannot_open(path: &Path, error: &io::Error) -> SpawnError {
    SpawnError::from_io(Stage::Open, Some(path.into()), error)
}
