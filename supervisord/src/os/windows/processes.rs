//! The table of runs on Windows: what was asked of each, what is known of it, what is to be told.

use std::{
    collections::{HashMap, VecDeque},
    io,
};

use supervisor_core::{Exit, Left, Run, ServiceId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{
    Workshop,
    ask::{Asker, Word},
    process::{Child, Process, Wait},
    tree::{Names, Tree},
};
use crate::os::{
    Identity, Launch, News, Options, Reach, Signal, signal_number,
    spawner::{Outcome, Spawner, Started},
};

/// Pause, in milliseconds, before a tree is looked at again whose processes may not be watched.
const PAUSE: u32 = 500;

/// Starts, signals and collects processes. It must live in a tokio runtime.
pub struct Processes {
    spawner: Spawner,
    asker: Asker,
    domain: String,
    tell: UnboundedSender<Told>,
    told: UnboundedReceiver<Told>,
    /// What was asked of runs that are still being started.
    starting: HashMap<Run, Orders>,
    runs: HashMap<Run, Known>,
    news: VecDeque<News>,
}

/// What other threads tell.
#[derive(Clone, Copy)]
enum Told {
    /// The process of a run has ended.
    Ended(Run),
    /// One of those it left behind has ended.
    Fewer(Run),
}

#[derive(Default)]
struct Orders {
    signals: Vec<Signal>,
    reach: Option<Reach>,
    kill: bool,
}

struct Known {
    process: Process,
    /// Unknown when an earlier daemon made it and the name is gone.
    tree: Option<Tree>,
    reach: Reach,
    is_left_over: bool,
    wait: Option<Wait>,
}

impl Processes {
    /// Makes what tells of the ends of processes.
    pub fn new(options: Options) -> io::Result<Self> {
        let (tell, told) = unbounded_channel();
        let workshop = Workshop::new(&options);
        Ok(Self {
            spawner: Spawner::new(options.spawners, workshop),
            asker: Asker::default(),
            domain: options.domain,
            tell,
            told,
            starting: HashMap::new(),
            runs: HashMap::new(),
            news: VecDeque::new(),
        })
    }

    /// Begins to start a run and returns at once; `Spawned` or `SpawnFailed` tells the rest. The
    /// run before it, of the same service, must be cleared.
    pub fn spawn(&mut self, run: Run, launch: Launch) {
        self.spawn_with(run, 0, move || launch);
    }

    /// As [`Processes::spawn`], with the launch made on the thread that uses it.
    pub fn spawn_with(
        &mut self,
        run: Run,
        deference: u16,
        make: impl FnOnce() -> Launch + Send + 'static,
    ) {
        self.starting.insert(run, Orders::default());
        self.spawner.push(run, deference, Box::new(make));
    }

    /// Asks a run to end. SIGINT is Ctrl-C and SIGKILL the end itself; any other signal asks by
    /// Ctrl-Break, since there is no other way here.
    pub fn terminate(&mut self, run: Run, signal: Signal) {
        let is_known = ["SIGINT", "SIGKILL"].map(signal_number).contains(&Some(signal.number()));
        self.signal(run, if is_known { signal } else { Signal::Terminate });
    }

    /// From now on stopping a run that there is reaches others than before. The request to end
    /// always reaches all that share the console and the event.
    pub fn set_reach(&mut self, run: Run, reach: Reach) {
        if let Some(orders) = self.starting.get_mut(&run) {
            orders.reach = Some(reach);
        } else if let Some(known) = self.runs.get_mut(&run) {
            known.reach = reach;
        }
    }

    /// Asks a run to end; there is no other signal here. SIGINT is Ctrl-C, what else ends a
    /// process is Ctrl-Break, and the tree's event is set for both.
    pub fn signal(&mut self, run: Run, signal: Signal) {
        if let Some(orders) = self.starting.get_mut(&run) {
            return orders.signals.push(signal);
        }
        let number = Some(signal.number());
        let is = |name| number == signal_number(name);
        let word = match () {
            () if is("SIGKILL") => return self.kill(run),
            () if is("SIGINT") => Word::Interrupt,
            () if ["SIGTERM", "SIGQUIT", "SIGHUP", "SIGABRT"].into_iter().any(is) => Word::Break,
            () => return log::warn!("signal {} means nothing on Windows", signal.number()),
        };
        let Some(known) = self.runs.get(&run) else { return };
        if let Some(tree) = &known.tree {
            tree.ask();
        }
        if !known.is_left_over {
            self.asker.ask(&known.process, word);
        } else if let Some(member) = known.tree.as_ref().and_then(Tree::member) {
            self.asker.ask(&member, word);
        }
    }

    /// Ends every process in the tree of a run by force.
    pub fn kill(&mut self, run: Run) {
        if let Some(orders) = self.starting.get_mut(&run) {
            orders.kill = true;
        } else if let Some(known) = self.runs.get(&run) {
            match &known.tree {
                Some(tree) if known.reach != Reach::Process => tree.kill(),
                Some(_) | None => known.process.end(),
            }
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
                told = self.told.recv() => {
                    let told = told.expect("a sender is kept beside the receiver");
                    self.hear(told);
                }
            }
        }
    }

    /// News there are already; `None` means that [`Processes::news`] would wait.
    pub fn try_news(&mut self) -> Option<News> {
        while self.news.is_empty() {
            if let Some(outcome) = self.spawner.try_next() {
                self.settle(outcome);
            } else if let Ok(told) = self.told.try_recv() {
                self.hear(told);
            } else {
                break;
            }
        }
        self.news.pop_front()
    }

    /// The pid of a run's own process while it is alive.
    pub fn pid(&self, run: Run) -> Option<u32> {
        let known = self.runs.get(&run).filter(|known| !known.is_left_over)?;
        Some(known.process.pid)
    }

    /// Nothing is started stopped here.
    pub fn is_stopped(&self, _: Run) -> bool {
        false
    }

    /// What a later daemon needs to recognise a run that is alive.
    pub fn identity(&self, run: Run) -> Option<Identity> {
        let known = self.runs.get(&run).filter(|known| !known.is_left_over)?;
        let (pid, started) = (known.process.pid, known.process.created());
        Some(Identity { pid, inode: None, started, control_group: None })
    }

    /// What ends is put away by itself.
    pub fn leave(&mut self) {}

    /// Services are found one by one.
    pub fn find_all(&mut self) {}

    /// See [`Processes::find_all`].
    pub fn all_found(&mut self) {}

    /// Nothing is found by marks here.
    pub fn search<'a>(&mut self, _: bool, _: impl Iterator<Item = (Option<&'a Identity>, bool)>) {}

    /// A job object goes by itself with its last process and handle.
    pub fn forget(&mut self, _: ServiceId) {}

    /// Takes a run over as it is found: its process, what that left behind, or nothing. With no
    /// identity its process is unknown, and whatever lives in its tree counts as left behind.
    ///
    /// A process that was recorded and was made at another time is somebody else's: it is never
    /// touched.
    pub fn adopt(
        &mut self,
        run: Run,
        tree: &str,
        identity: Option<&Identity>,
        reach: Reach,
    ) -> Left {
        let names = Names::new(&self.domain, tree);
        if let Some(process) = identity.and_then(recorded).filter(Process::is_alive) {
            let tree = Tree::find(&names, Some(&process));
            if tree.is_none() {
                log::warn!("pid {}: its tree is not found, only the process itself", process.pid);
            }
            let wait = self.wait_for(&process, Told::Ended(run));
            let known = Known { process, tree, reach, is_left_over: false, wait };
            self.runs.insert(run, known);
            return Left::Main;
        }
        let tree = Tree::find(&names, None).filter(|_| reach != Reach::Process);
        let Some((tree, process)) = tree.and_then(|tree| tree.member().map(|one| (tree, one)))
        else {
            return Left::Nothing;
        };
        let tree = Some(tree);
        let known = Known { process, tree, reach, is_left_over: true, wait: None };
        self.runs.insert(run, known);
        self.look_after(run);
        Left::Others
    }

    /// How a process of an earlier daemon ended, if somebody still holds it.
    #[must_use]
    pub fn ended_before(&self, identity: &Identity) -> Option<Exit> {
        let ended = recorded(identity).filter(|process| !process.is_alive());
        ended.map(|process| process.exit())
    }

    /// Nothing is kept for a later daemon.
    pub fn settle_past(&mut self) {}

    /// Lets go of room that only a crowd of starts needed.
    pub fn shrink(&mut self) {
        self.starting.shrink_to_fit();
        self.spawner.shrink();
    }

    /// No process is being made.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.starting.is_empty()
    }

    /// Ends what is left of a service that nobody knows any more; false when nothing is.
    pub fn end_stray(
        &mut self,
        run: Run,
        tree: &str,
        identity: Option<&Identity>,
        reach: Reach,
    ) -> bool {
        match self.adopt(run, tree, identity, reach) {
            Left::Main | Left::Others => {
                self.kill(run);
                true
            }
            Left::Nothing => false,
        }
    }

    fn settle(&mut self, Outcome { run, result, .. }: Outcome) {
        let orders = self.starting.remove(&run).unwrap_or_default();
        let Started { child: Child { process, tree }, reach } = match result {
            Ok(started) => started,
            Err(error) => return self.news.push_back(News::SpawnFailed { run, error }),
        };
        self.news.push_back(News::Spawned { run, pid: process.pid });
        let wait = self.wait_for(&process, Told::Ended(run));
        let (tree, reach) = (Some(tree), orders.reach.unwrap_or(reach));
        let known = Known { process, tree, reach, is_left_over: false, wait };
        self.runs.insert(run, known);
        for signal in orders.signals {
            self.signal(run, signal);
        }
        if orders.kill {
            self.kill(run);
        }
    }

    fn hear(&mut self, told: Told) {
        match told {
            Told::Ended(run) => self.ended(run),
            Told::Fewer(run) => self.look_after(run),
        }
    }

    fn ended(&mut self, run: Run) {
        let Some(known) = self.runs.get_mut(&run) else { return };
        known.is_left_over = true;
        known.wait = None;
        let exit = known.process.exit();
        let is_empty = known.tree.as_ref().is_none_or(Tree::is_empty);
        let tree_empty = known.reach == Reach::Process || is_empty;
        self.news.push_back(News::Exited { run, exit, tree_empty });
        if tree_empty {
            self.runs.remove(&run);
        } else {
            self.look_after(run);
        }
    }

    /// Tells that what a run left behind is gone, or waits for the end of one of those.
    fn look_after(&mut self, run: Run) {
        let Some(known) = self.runs.get_mut(&run) else { return };
        known.wait = None;
        let Some(tree) = known.tree.as_ref().filter(|tree| !tree.is_empty()) else {
            self.runs.remove(&run);
            return self.news.push_back(News::Cleared { run });
        };
        let wait = match tree.member() {
            Some(member) => self.wait_for(&member, Told::Fewer(run)),
            None => self.pause(Told::Fewer(run)),
        };
        if let Some(known) = self.runs.get_mut(&run) {
            known.wait = wait;
        }
    }

    fn wait_for(&self, process: &Process, told: Told) -> Option<Wait> {
        let tell = self.tell.clone();
        // Nobody listens any more when the daemon is ending.
        let wait = Wait::new(process, move || _ = tell.send(told));
        wait.inspect_err(|error| log::error!("cannot wait for a process: {error}")).ok()
    }

    fn pause(&self, told: Told) -> Option<Wait> {
        let tell = self.tell.clone();
        let wait = Wait::pause(PAUSE, move || _ = tell.send(told));
        wait.inspect_err(|error| log::error!("cannot wait for processes: {error}")).ok()
    }
}

/// That very process: a number alone may be anybody's by now.
fn recorded(identity: &Identity) -> Option<Process> {
    let is_it =
        |process: &Process| identity.started.is_some() && process.created() == identity.started;
    Process::open(identity.pid).filter(is_it)
}
