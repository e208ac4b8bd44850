//! The loop: takes events in, asks the core, performs its actions. Owns everything, shares nothing.
//!
//! It never blocks: disks, clients and new processes are waited for elsewhere and come back as
//! events.

mod attend;
mod chronicle;
mod ending;
mod herald;
mod internal;
mod opening;
mod past;
mod pending;
mod perform;
mod trace;
pub mod upgrade;
mod watched;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use protocol::address::Paths;
use supervisor_core::{Action, Event, Load, Moment, RequestId, Run, ServiceId, Supervisor, Want};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{self, LocalSet};

pub(crate) use self::attend::policy;
pub(crate) use self::chronicle::Demand;
pub(crate) use self::internal::Internal;
pub(crate) use self::opening::Opening;
pub(crate) use self::pending::{Arrival, Asked, Then, WAIT};

use self::chronicle::Chronicle;
use self::ending::Ending;
use self::herald::Herald;
use self::pending::Pending;
use self::upgrade::Upgrade;
use crate::clock::Clock;
use crate::control::listen::Listener;
use crate::launch;
use crate::lines;
use crate::lock::Lock;
use crate::logs::pipe::Pipes;
use crate::logs::{Defaults, Logs};
use crate::os::{self, Handle, News, Request, Requests};
use crate::registry::{Entry, Registry};
use crate::sockets::Sockets;
use crate::store::Store;
use crate::store::disk::Disk;
use crate::store::goals::{Goals, Intent};
use crate::store::runs::{Pasts, Runs};
use crate::watch::Watches;

/// Messages of clients that wait for the loop; beyond that the clients wait.
const INBOX: usize = 256;

/// After taking in so many services memory is given back, once they are started.
const CROWD: usize = 64;

/// So long after that, when it is quiet again.
const QUIET: Duration = Duration::from_secs(1);

/// Everything the daemon is.
pub struct Daemon {
    pub(crate) supervisor: Supervisor,
    pub(crate) registry: Registry,
    pub(crate) processes: os::Processes,
    pub(crate) disk: Disk,
    pub(crate) clock: Clock,
    /// When this daemon began.
    pub(crate) began: Moment,
    pub(crate) watches: Watches,
    pub(crate) sockets: Sockets,
    pub(crate) logs: Logs,
    pub(crate) pipes: Pipes,
    alarm: os::Alarm,
    pub(crate) paths: Arc<Paths>,
    pub(crate) pending: Pending,
    /// How often the file of a definition was about to change, or had changed, by requests.
    pub(crate) writes: u64,
    pub(crate) internal: mpsc::UnboundedSender<Internal>,
    pub(crate) ending: Ending,
    /// Dropped to end those who follow a service's log.
    pub(crate) followers: BTreeMap<ServiceId, Vec<oneshot::Sender<()>>>,
    /// What was asked of services that are not loaded, since their files are bad or gone.
    pub(crate) dormant: Goals,
    /// What runs or ran under an earlier daemon, and is not loaded yet.
    pub(crate) pasts: Pasts,
    pub(crate) runs: Runs,
    pub(crate) chronicle: Chronicle,
    /// When a history that could not be written is tried again.
    history_due: Option<Moment>,
    /// When a journal of runs that could not be written is tried again.
    runs_due: Option<Moment>,
    strays: u32,
    /// Services taken in since memory was given back.
    crowd: usize,
    /// When memory is given back.
    quiet_due: Option<Moment>,
    news: mpsc::UnboundedReceiver<Internal>,
    listener: Option<Listener>,
    pub(crate) actions: Vec<Action>,
    is_finished: bool,
    requests: Requests,
    upgrade: Option<Upgrade>,
    checks: u32,
    lock: Lock,
    socket: Handle,
    program: Option<PathBuf>,
    arguments: Vec<OsString>,
    pub(crate) herald: Herald,
}

/// What makes this daemon the one of its domain, and how it would be started again.
#[derive(Debug)]
pub struct Ours {
    /// The lock.
    pub lock: Lock,
    /// The socket, served by the loop.
    pub listener: Listener,
    /// The socket, for a next program.
    pub socket: Handle,
    /// What services had open under the program before this one: sockets, and pipes of logs.
    pub handles: Vec<Handle>,
    /// The program this is.
    pub program: Option<PathBuf>,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// How long a shutdown may take where nobody says so.
    pub shutdown_timeout: Option<Duration>,
}

impl Daemon {
    /// Takes in what the start of day made.
    ///
    /// # Errors
    /// When the system does not hand its signals over.
    pub fn new(
        ours: Ours,
        store: Store,
        processes: os::Processes,
        paths: Paths,
    ) -> io::Result<Box<Self>> {
        let (internal, news) = mpsc::unbounded_channel();
        let defaults = Defaults::of(&store.settings.log);
        let (pipes, sockets) = ours.handles.into_iter().partition(os::is_pipe);
        // Boxed, so that no future that it passes through keeps its room.
        let mut daemon = Box::new(Self {
            supervisor: Supervisor::default(),
            registry: Registry::default(),
            processes,
            disk: store.disk,
            clock: Clock,
            began: Clock.now(),
            watches: Watches::default(),
            sockets: Sockets::inherit(sockets),
            pipes: Pipes::new((&paths, defaults), Clock, internal.clone(), pipes),
            alarm: os::Alarm::new()?,
            logs: Logs::new(paths.clone(), Clock, defaults)?,
            paths: paths.into(),
            pending: Pending::default(),
            writes: 0,
            internal,
            ending: Ending::new(ours.shutdown_timeout),
            followers: BTreeMap::new(),
            dormant: store.goals,
            pasts: store.pasts,
            runs: store.runs,
            chronicle: Chronicle::new(store.history),
            history_due: None,
            runs_due: None,
            strays: 0,
            // The start of day counts as one, however few there are.
            crowd: CROWD,
            quiet_due: None,
            news,
            listener: Some(ours.listener),
            actions: Vec::new(),
            is_finished: false,
            requests: Requests::new()?,
            upgrade: None,
            checks: 0,
            lock: ours.lock,
            socket: ours.socket,
            program: ours.program,
            arguments: ours.arguments,
            herald: Herald::find(),
        });
        let wall = Event::Wall(daemon.clock.setting());
        daemon.supervisor.handle(daemon.clock.now(), wall, &mut daemon.actions);
        daemon.processes.find_all();
        let known = daemon.pasts.values().map(|past| (past.process.as_ref(), past.is_begun));
        daemon.processes.search(daemon.runs.was_damaged, known);
        daemon.load(store.found);
        daemon.sockets.disinherit();
        daemon.processes.all_found();
        daemon.pipes.loaded();
        daemon.logs.loaded();
        Ok(daemon)
    }

    /// Runs until a shutdown is complete; false when services are left that could not be ended.
    pub async fn run(self: Box<Self>) -> bool {
        LocalSet::new().run_until(self.turn()).await
    }

    async fn turn(mut self: Box<Self>) -> bool {
        lines::gather();
        let (inbox, mut messages) = mpsc::channel(INBOX);
        if let Some(listener) = self.listener.take() {
            task::spawn_local(listener.serve(inbox));
        }
        self.perform();
        self.write_down();
        self.tell_ready();
        while !self.is_finished {
            lines::let_go();
            let deadline = self.deadline().map(Moment::elapsed);
            tokio::select! {
                biased;
                news = self.processes.news() => self.hear(news),
                done = self.disk.done() => self.written(done),
                Some(internal) = self.news.recv() => self.internal(internal),
                request = self.requests.next() => self.requested(request),
                Some(message) = messages.recv(), if !self.is_closing() => self.message(message),
                keys = self.sockets.rung() => self.rung(keys),
                news = self.watches.news() => self.watched(news),
                () = self.herald.speak() => {}
                () = self.alarm.ring(deadline) => self.time_passed(),
            }
            self.write_down();
            self.tell_what_is_due();
            self.try_upgrade().await;
            self.give_back_later();
        }
        self.put_away().await
    }

    /// Registers a service and lets the core begin with it.
    pub(crate) fn take_in(
        &mut self,
        entry: Entry,
        intent: Intent,
        (mut request, want): (Option<RequestId>, Want),
        now: Moment,
    ) -> ServiceId {
        let policy = policy(&entry.definition);
        let enabled = entry.enabled.unwrap_or(!entry.definition.disabled);
        let label = Arc::clone(&entry.label);
        let reach = launch::reach(&entry.definition);
        let service = self.registry.insert(entry);
        self.crowd += 1;
        if let Some(entry) = self.registry.get(service) {
            self.logs.set(service, &entry.definition);
        }
        let past = self.past(service, &label, reach);
        self.chronicle_met(&label, past.as_ref().map(|past| &past.memory));
        let goal = match intent.goal {
            Some(protocol::message::Goal::Down) => supervisor_core::Goal::Down,
            Some(protocol::message::Goal::Up) | None => supervisor_core::Goal::Up,
        };
        let triggers = policy.triggers.as_deref();
        if let Some(entry) = self.registry.get(service) {
            self.sockets.set(service, &entry.definition);
            let run = past.as_ref().map_or(0, |past| past.memory.runs);
            let pid = self.processes.pid(Run { service, number: run });
            self.pipes.resume(service, (&entry.definition, &self.paths), (run, pid));
        }
        let held = self.watch(service, triggers, (&mut request, want), now);
        // Services of many hosts must not come back all at once.
        let seed = RandomState::new().hash_one(service);
        let load = Load { service, label, policy, goal, enabled, past, seed, request, want };
        self.consult(now, Event::Load(Box::new(load)));
        self.tell_held(service, held, now);
        service
    }

    /// One event: the core decides, the actions are performed.
    pub(crate) fn handle(&mut self, event: Event) {
        self.consult(self.clock.now(), event);
        self.perform();
    }

    fn hear(&mut self, first: News) {
        let mut next = Some(first);
        while let Some(news) = next {
            let news = self.hear_check(news).and_then(|news| self.pipes.hear(news));
            if let Some(news) = news {
                self.heard(news);
            }
            next = self.processes.try_news();
        }
    }

    fn heard(&mut self, news: News) {
        self.note_in_log(&news);
        let (run, event) = match news {
            News::Spawned { run, .. } => (run, Event::Spawned(run)),
            News::SpawnFailed { run, error } => {
                let (cause, is_passing) = (error.to_string().into(), error.is_passing());
                (run, Event::SpawnFailed { run, cause, is_passing })
            }
            News::Exited { run, exit, tree_empty } => {
                (run, Event::Exited { run, exit, tree_empty })
            }
            News::Cleared { run } => (run, Event::Cleared(run)),
        };
        self.refresh(run.service);
        self.handle(event);
    }

    /// The last lines of runs are in their logs up to that number, or were waited for too long.
    pub(crate) fn drained(&mut self, number: u64) {
        while let Some(news) = self.pipes.release(number) {
            self.heard(news);
        }
    }

    fn requested(&mut self, request: Request) {
        match request {
            Request::Shutdown => {
                log::info!("told to end by a signal");
                self.chronicle_asked(None, "shutdown", &Demand::by_signal("SIGTERM or SIGINT"));
                self.shut_down(None);
            }
            Request::Reload => {
                self.tell_reloading();
                self.apply(false, Demand::by_signal("SIGHUP"), None);
            }
        }
    }

    fn deadline(&self) -> Option<Moment> {
        let check = self.upgrade.as_ref().and_then(Upgrade::deadline);
        let journals = [self.runs_due, self.history_due, self.herald.deadline()];
        let own = [self.supervisor.deadline(), self.pending.deadline(), self.pipes.deadline()];
        let all = own.into_iter().chain(journals).chain([check, self.ending.due, self.quiet_due]);
        all.flatten().min()
    }

    fn give_back_later(&mut self) {
        if CROWD <= self.crowd && self.processes.is_settled() {
            self.crowd = 0;
            self.quiet_due = Some(self.clock.now() + QUIET);
        }
    }

    /// Gives back what only a crowd of starts took.
    fn give_back(&mut self) {
        if self.quiet_due.take_if(|due| *due <= self.clock.now()).is_some() {
            self.actions = Vec::new();
            self.supervisor.shrink();
            self.registry.shrink();
            self.chronicle.shrink();
            self.logs.shrink();
            self.processes.shrink();
            os::give_back_memory();
        }
    }

    fn time_passed(&mut self) {
        self.give_up_waiting();
        self.give_up_check();
        self.tell_lingering();
        self.drained(0);
        self.handle(Event::Timeout);
        if self.supervisor.is_shutting_down() {
            self.herald.touch(self.clock.now());
        }
        self.give_back();
    }
}
