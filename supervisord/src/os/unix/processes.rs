//! The table of runs: what was asked of each, what is known of it, what is to be told.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    io,
};

use supervisor_core::{Exit, Run, ServiceId, shrink};

use super::{Member, deaths::Deaths, in_flight, limits};
use crate::os::{Identity, Launch, News, Options, Reach, Signal, imp, spawner::Spawner};

/// Starts, signals and reaps processes. It must live in a tokio runtime with I/O, one at a time.
pub struct Processes {
    pub(super) spawner: Spawner,
    pub(super) deaths: Deaths,
    pub(super) trees: imp::Trees,
    pub(super) vigil: imp::Vigil,
    pub(super) store: imp::FdStore,
    /// What was asked of runs that are still being started.
    pub(super) starting: HashMap<Run, Orders>,
    pub(super) runs: BTreeMap<Run, Process>,
    pub(super) pids: BTreeMap<i32, Run>,
    /// Children reaped before their own start was told.
    pub(super) early: Vec<(i32, Exit)>,
    /// Runs whose trees tell nothing by themselves, to be looked at when an orphan dies.
    pub(super) unwatched: HashSet<Run>,
    pub(super) services: BTreeMap<ServiceId, Service>,
    pub(super) news: VecDeque<News>,
    /// Ends that are told when their trees were looked at.
    pub(super) dying: HashMap<Run, Exit>,
}

#[derive(Default)]
pub(super) struct Orders {
    pub(super) signals: Vec<Signal>,
    pub(super) reach: Option<Reach>,
    pub(super) kill: bool,
}

#[derive(Default)]
pub(super) struct Service {
    pub(super) tree: Box<str>,
    /// How many of its runs are being started, alive or left over.
    pub(super) runs: u32,
    pub(super) is_forgotten: bool,
    /// Its control group has gone.
    pub(super) is_removed: bool,
}

pub(super) struct Process {
    pub(super) pid: i32,
    pub(super) inode: Option<u64>,
    pub(super) grouped: bool,
    pub(super) reach: Reach,
    /// The process itself has ended, and its tree has not.
    pub(super) is_left_over: bool,
    pub(super) is_killed: bool,
    /// An earlier daemon made it, and no control group of ours holds what it leaves.
    pub(super) is_adopted: bool,
}

impl Processes {
    /// Takes over what concerns the processes of this program: SIGCHLD, orphans, open file limit.
    pub fn new(options: Options) -> io::Result<Self> {
        limits::raise_open_files()?;
        let workshop = imp::Workshop::new(&options)?;
        Ok(Self {
            trees: imp::Trees::new(&workshop)?,
            vigil: imp::Vigil::new()?,
            store: imp::FdStore::open(),
            spawner: Spawner::new(options.spawners, workshop),
            deaths: Deaths::new()?,
            starting: HashMap::new(),
            runs: BTreeMap::new(),
            pids: BTreeMap::new(),
            early: Vec::new(),
            unwatched: HashSet::new(),
            services: BTreeMap::new(),
            news: VecDeque::new(),
            dying: HashMap::new(),
        })
    }

    /// Begins to start a run and returns at once; `Spawned` or `SpawnFailed` tells the rest. The
    /// run before it, of the same service, must be cleared.
    pub fn spawn(&mut self, run: Run, launch: Launch) {
        self.spawn_with(run, 0, move || launch);
    }

    /// As [`Processes::spawn`], with the launch made on the thread that uses it, so that a
    /// thousand starts asked for at once do not hold a thousand environments. So many
    /// starts asked for later, without a `deference` of their own, go first.
    pub fn spawn_with(
        &mut self,
        run: Run,
        deference: u16,
        make: impl FnOnce() -> Launch + Send + 'static,
    ) {
        let service = self.services.entry(run.service).or_default();
        service.runs += 1;
        service.is_forgotten = false;
        self.starting.insert(run, Orders::default());
        self.spawner.push(run, deference, Box::new(make));
    }

    /// Asks a run to end by that signal. One that is stopped would not hear of it, so it is let go
    /// on.
    pub fn terminate(&mut self, run: Run, signal: Signal) {
        self.signal(run, signal);
        self.signal(run, Signal::Number(libc::SIGCONT));
    }

    /// From now on stopping a run that there is reaches others than before.
    pub fn set_reach(&mut self, run: Run, reach: Reach) {
        if let Some(orders) = self.starting.get_mut(&run) {
            orders.reach = Some(reach);
        } else if let Some(process) = self.runs.get_mut(&run) {
            process.reach = reach;
        }
    }

    /// Sends a signal to the process group of a run, or, where it is not to reach that far, to its
    /// own process. A run still being started gets it when it is started.
    pub fn signal(&mut self, run: Run, signal: Signal) {
        if let Some(orders) = self.starting.get_mut(&run) {
            orders.signals.push(signal);
        } else if let Some(process) = self.runs.get(&run)
            && self.vigil.may_signal(run)
        {
            let mut member = process.member(run, &self.services);
            member.is_alone |= process.reach == Reach::Mixed && !process.is_left_over;
            self.trees.signal(&member, signal.number());
        }
    }

    /// Ends the whole tree of a run by force. A run still being started is ended before or after
    /// it has entered its program, whichever it has reached.
    pub fn kill(&mut self, run: Run) {
        if let Some(orders) = self.starting.get_mut(&run) {
            orders.kill = true;
            let is_reaped = |pid| self.early.iter().any(|dead| dead.0 == pid);
            in_flight::kill(self.spawner.slots(), run, is_reaped);
        } else if let Some(process) = self.runs.get_mut(&run) {
            if process.reach != Reach::Process {
                process.is_killed = true;
                if !process.grouped && !process.is_adopted {
                    self.unwatched.insert(run);
                }
            }
            let mut member = process.member(run, &self.services);
            // The number of its group may be another's by now.
            member.is_left_over |= !self.vigil.may_signal(run);
            self.trees.kill(&member);
        }
    }

    /// The next news; may be dropped and called again without loss.
    pub async fn news(&mut self) -> News {
        loop {
            if let Some(news) = self.try_news() {
                return news;
            }
            tokio::select! {
                outcome = self.spawner.next() => self.settle(outcome),
                () = self.deaths.arrived() => {}
                () = self.trees.changed() => {}
                () = self.vigil.changed() => {}
                () = self.store.tell() => {}
            }
        }
    }

    /// News there are already; `None` means that [`Processes::news`] would wait.
    pub fn try_news(&mut self) -> Option<News> {
        if self.news.is_empty() {
            self.gather();
        }
        // The sweep costs as much as there are children, so what is known goes first.
        if self.news.is_empty() {
            if !self.unwatched.is_empty() {
                self.deaths.hurry();
            }
            self.sweep();
        }
        self.news.pop_front()
    }

    /// The pid of a run's own process while it is alive.
    pub fn pid(&self, run: Run) -> Option<u32> {
        let process = self.runs.get(&run).filter(|process| !process.is_left_over)?;
        Some(process.pid as u32)
    }

    /// Whether a run's own process is stopped, until it gets SIGCONT.
    pub fn is_stopped(&self, run: Run) -> bool {
        let process = self.runs.get(&run).filter(|process| !process.is_left_over);
        process.is_some_and(|process| imp::is_stopped(process.pid))
    }

    /// Lets go of room that only a crowd of starts needed.
    pub fn shrink(&mut self) {
        self.starting.shrink_to_fit();
        self.news.shrink_to_fit();
        self.spawner.shrink();
        shrink(&mut self.runs);
        shrink(&mut self.pids);
        shrink(&mut self.services);
    }

    /// What a later daemon needs to recognise a run that is alive.
    pub fn identity(&self, run: Run) -> Option<Identity> {
        let process = self.runs.get(&run).filter(|process| !process.is_left_over)?;
        Some(Identity {
            pid: process.pid as u32,
            inode: process.inode,
            started: process.inode.is_none().then(|| imp::started(process.pid)).flatten(),
            control_group: self.trees.path(&process.member(run, &self.services)),
        })
    }

    /// No service is going to run again: what ends is put away at once.
    pub fn leave(&mut self) {
        self.trees.leave();
    }

    /// Services of an earlier daemon are looked for now, before any other is begun.
    pub fn find_all(&mut self) {
        self.trees.find_all();
    }

    /// Every one of them has been.
    pub fn all_found(&mut self) {
        self.trees.all_found();
    }

    /// Puts away what was kept for a service, its control group above all; if something of it is
    /// still alive, when that is gone.
    pub fn forget(&mut self, service: ServiceId) {
        if let Some(known) = self.services.get_mut(&service) {
            known.is_forgotten = true;
            self.put_away(service);
        }
    }

    fn gather(&mut self) {
        while let Some(outcome) = self.spawner.try_next() {
            self.settle(outcome);
        }
        for (pid, exit) in self.deaths.hinted() {
            self.buried(pid, exit);
        }
        for (run, exit) in self.vigil.ended() {
            self.ended(run, exit);
        }
        for run in self.trees.touched().into_iter().chain(self.vigil.stirred()) {
            self.look_after(run);
        }
        while let Some((run, is_gone)) = self.trees.buried() {
            if is_gone && let Some(service) = self.services.get_mut(&run.service) {
                service.is_removed = true;
            }
            if let Some(exit) = self.dying.remove(&run) {
                self.told(run, exit, is_gone);
            }
        }
    }

    fn sweep(&mut self) {
        if self.deaths.is_sweep_due() {
            while let Some((pid, exit)) = self.deaths.swept() {
                self.buried(pid, exit);
            }
            self.look_after_unwatched();
        }
    }
}

impl Process {
    pub(super) fn member<'a>(
        &self,
        run: Run,
        services: &'a BTreeMap<ServiceId, Service>,
    ) -> Member<'a> {
        Member {
            run,
            pid: self.pid,
            tree: services.get(&run.service).map_or("", |service| &service.tree),
            grouped: self.grouped,
            is_alone: self.reach == Reach::Process,
            is_adopted: self.is_adopted,
            is_left_over: self.is_left_over,
        }
    }
}
