//! The table of runs on Windows: what was asked of each, what is known of it, what is to be told.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::Arc,
};

use supervisor_core::{Exit, Left, Run, ServiceId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{
    Workshop,
    port::Port,
    process::{Child, Wait},
};
use crate::os::{
    Identity, Launch, News, Options, Reach, Signal,
    spawner::{Outcome, Spawner, Started},
};

/// Starts, signals and collects processes. It must live in a tokio runtime.
pub struct Processes {
    spawner: Spawner,
    port: Arc<Port>,
    tell: UnboundedSender<Told>,
    told: UnboundedReceiver<Told>,
    /// What was asked of runs that are still being started.
    starting: HashMap<Run, Orders>,
    runs: HashMap<Run, Process>,
    news: VecDeque<News>,
}

/// What other threads tell.
enum Told {
    Ended(Run),
    Emptied(u64),
}

#[derive(Default)]
struct Orders {
    ask: bool,
    kill: bool,
}

struct Process {
    child: Child,
    reach: Reach,
    is_left_over: bool,
    /// Dropped before the child, whose handle it waits on.
    wait: Option<Wait>,
}

impl Processes {
    /// Makes what tells of the ends of processes.
    pub fn new(options: Options) -> io::Result<Self> {
        let (tell, told) = unbounded_channel();
        let emptied = tell.clone();
        // Nobody listens any more when the daemon is ending.
        let port = Port::open(move |key| drop(emptied.send(Told::Emptied(key))))?;
        let workshop = Workshop::new(&options, Arc::clone(&port));
        Ok(Self {
            // One at a time: a process inherits whatever is inheritable while it is made.
            spawner: Spawner::new(Some(1), workshop),
            port,
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
        self.spawn_with(run, move || launch);
    }

    /// As [`Processes::spawn`], with the launch made on the thread that uses it.
    pub fn spawn_with(&mut self, run: Run, make: impl FnOnce() -> Launch + Send + 'static) {
        self.starting.insert(run, Orders::default());
        self.spawner.push(run, Box::new(make));
    }

    /// Asks a run to end.
    pub fn terminate(&mut self, run: Run, signal: Signal) {
        self.signal(run, signal);
    }

    /// From now on stopping a run that there is reaches others than before.
    pub fn set_reach(&mut self, run: Run, reach: Reach) {
        if let Some(process) = self.runs.get_mut(&run) {
            process.reach = reach;
        }
    }

    /// Asks a run to end by Ctrl-Break, whatever signal is named: there is no other here.
    pub fn signal(&mut self, run: Run, _: Signal) {
        if let Some(orders) = self.starting.get_mut(&run) {
            orders.ask = true;
        } else if let Some(process) = self.runs.get(&run).filter(|process| !process.is_left_over) {
            process.child.ask();
        }
    }

    /// Ends every process in the job of a run by force.
    pub fn kill(&mut self, run: Run) {
        if let Some(orders) = self.starting.get_mut(&run) {
            orders.kill = true;
        } else if let Some(process) = self.runs.get(&run) {
            if process.reach == Reach::Process {
                process.child.end()
            } else {
                process.child.job.kill()
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
        let process = self.runs.get(&run).filter(|process| !process.is_left_over)?;
        Some(process.child.pid)
    }

    /// Nothing is started stopped here.
    pub fn is_stopped(&self, _: Run) -> bool {
        false
    }

    /// What a later daemon needs to recognise a run that is alive.
    pub fn identity(&self, run: Run) -> Option<Identity> {
        let process = self.runs.get(&run).filter(|process| !process.is_left_over)?;
        let started = process.child.created();
        Some(Identity { pid: process.child.pid, inode: None, started, control_group: None })
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

    /// Takes over no process of an earlier daemon yet.
    pub fn adopt(&mut self, _: Run, _: &str, _: Option<&Identity>, _: Reach) -> Left {
        Left::Nothing
    }

    /// How a process of an earlier daemon ended stays unknown.
    #[must_use]
    pub fn ended_before(&self, _: &Identity) -> Option<Exit> {
        None
    }

    /// Nothing is kept for a later daemon.
    pub fn settle_past(&mut self) {}

    /// No process is being made.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.starting.is_empty()
    }

    /// Ends no process of an earlier daemon yet.
    pub fn end_stray(&mut self, _: Run, _: &str, _: Option<&Identity>, _: Reach) -> bool {
        false
    }

    fn settle(&mut self, Outcome { run, result, .. }: Outcome) {
        let orders = self.starting.remove(&run).unwrap_or_default();
        let Started { child, reach } = match result {
            Ok(started) => started,
            Err(error) => return self.news.push_back(News::SpawnFailed { run, error }),
        };
        let tell = self.tell.clone();
        let wait = Wait::new(&child, move || drop(tell.send(Told::Ended(run))));
        let wait = wait.inspect_err(|error| log::error!("cannot wait for a process: {error}"));
        self.news.push_back(News::Spawned { run, pid: child.pid });
        let process = Process { child, reach, is_left_over: false, wait: wait.ok() };
        self.runs.insert(run, process);
        if orders.ask {
            self.signal(run, Signal::Terminate);
        }
        if orders.kill {
            self.kill(run);
        }
    }

    fn hear(&mut self, told: Told) {
        match told {
            Told::Ended(run) => self.ended(run),
            Told::Emptied(key) => self.emptied(key),
        }
    }

    fn ended(&mut self, run: Run) {
        let Some(process) = self.runs.get_mut(&run) else { return };
        process.is_left_over = true;
        process.wait = None;
        let exit = process.child.exit();
        let tree_empty = process.reach == Reach::Process || process.child.job.is_empty();
        self.news.push_back(News::Exited { run, exit, tree_empty });
        if tree_empty {
            self.runs.remove(&run);
        }
    }

    fn emptied(&mut self, key: u64) {
        let number = (key & u64::from(u32::MAX)) as u32;
        let run = Run { service: ServiceId((key >> 32) as u32), number };
        let is_over = self.runs.get(&run).is_some_and(|process| process.is_left_over);
        if is_over {
            self.runs.remove(&run);
            self.news.push_back(News::Cleared { run });
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.port.close();
    }
}
