//! The threads that start processes, so that a slow disk never holds up the loop and a boot uses
//! every core. They are made when first needed and sleep when there is nothing to start.

use std::{
    collections::VecDeque,
    os::fd::{AsRawFd, OwnedFd},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use supervisor_core::Run;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Plan, in_flight::InFlight};
use crate::os::{Launch, SpawnError, Stage, imp};

/// Enough for the system's user directory and for our own frames.
const STACK_BYTES: usize = 256 * 1024;

/// A process that has entered its program.
pub(in crate::os) struct Child {
    pub(in crate::os) pid: i32,
    pub(in crate::os) inode: Option<u64>,
    /// Whether it was put into the control group of its tree.
    pub(in crate::os) grouped: bool,
}

/// What the table of runs is told of a start that went well.
pub(super) struct Started {
    pub(super) child: Child,
    pub(super) abandon_group: bool,
}

/// The end of one spawn.
pub(super) struct Outcome {
    pub(super) run: Run,
    /// Empty when not even that much came about.
    pub(super) tree: Box<str>,
    pub(super) result: Result<Started, SpawnError>,
}

type Make = Box<dyn FnOnce() -> Launch + Send>;

#[derive(Default)]
struct Queue {
    jobs: VecDeque<(Run, Make)>,
    idle: usize,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    null: OwnedFd,
    groups: imp::Groups,
    outcomes: UnboundedSender<Outcome>,
}

/// Takes launches in and gives outcomes out.
pub(super) struct Spawner {
    shared: Arc<Shared>,
    threads: usize,
    threads_max: usize,
    in_flight: InFlight,
    outcomes: UnboundedReceiver<Outcome>,
}

impl Spawner {
    pub(super) fn new(threads_max: usize, null: OwnedFd, groups: imp::Groups) -> Self {
        let (sender, outcomes) = unbounded_channel();
        let (queue, wake) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { queue, wake, null, groups, outcomes: sender });
        let in_flight = InFlight::new(threads_max);
        Self { shared, threads: 0, threads_max, in_flight, outcomes }
    }

    pub(super) fn push(&mut self, run: Run, make: Make) {
        let mut queue = self.shared.lock();
        queue.jobs.push_back((run, make));
        let is_short = queue.idle < queue.jobs.len() && self.threads < self.threads_max;
        drop(queue);
        if is_short {
            self.hire();
        }
        self.shared.wake.notify_one();
    }

    pub(super) fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    /// The next outcome; may be dropped and called again without loss.
    pub(super) async fn next(&mut self) -> Outcome {
        let outcome = self.outcomes.recv().await;
        outcome.expect("the sender is kept as long as the receiver")
    }

    pub(super) fn try_next(&mut self) -> Option<Outcome> {
        self.outcomes.try_recv().ok()
    }

    fn hire(&mut self) {
        let shared = Arc::clone(&self.shared);
        let slot = self.in_flight.slot(self.threads);
        let work = move || {
            let mut nursery = imp::Nursery::new();
            while let Some((run, make)) = shared.next_job() {
                slot.enter(run);
                let launch = make();
                let result = start(&shared, &mut nursery, run, &launch, &slot);
                // Nobody may be there to hear it when the daemon is ending.
                let _ = shared.outcomes.send(Outcome { run, tree: launch.tree.into(), result });
                slot.leave();
            }
        };
        let builder = thread::Builder::new().name("spawner".into()).stack_size(STACK_BYTES);
        match builder.spawn(work) {
            Ok(_) => self.threads += 1,
            Err(error) if self.threads == 0 => self.refuse(&error),
            Err(error) => log::warn!("cannot start another spawner thread: {error}"),
        }
    }

    /// Without any thread every start fails, and is tried again by the service's own rule.
    fn refuse(&self, error: &std::io::Error) {
        for (run, _) in self.shared.lock().jobs.drain(..) {
            let result = Err(SpawnError::from_io(Stage::Clone, None, error));
            let _ = self.shared.outcomes.send(Outcome { run, tree: "".into(), result });
        }
    }
}

impl Drop for Spawner {
    fn drop(&mut self) {
        // Not joined: one of them may hang on a disk.
        self.shared.lock().closed = true;
        self.shared.wake.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_job(&self) -> Option<(Run, Make)> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            queue.idle += 1;
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }
}

fn start(
    shared: &Shared,
    nursery: &mut imp::Nursery,
    run: Run,
    launch: &Launch,
    slot: &super::Slot,
) -> Result<Started, SpawnError> {
    let plan = Plan::new(run, launch, shared.null.as_raw_fd())?;
    let child = nursery.start(launch, plan, &shared.groups, slot)?;
    Ok(Started { child, abandon_group: launch.abandon_group })
}
