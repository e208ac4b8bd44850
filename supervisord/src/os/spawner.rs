//! The threads that start processes, so that a slow disk never holds up the loop and a boot uses
//! every core. They are made when first needed and sleep when there is nothing to start.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use supervisor_core::Run;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{
    Launch, Reach, SpawnError, Stage,
    imp::{Child, Nursery, Slot, Workshop},
    variables,
};

/// Enough for the system's user directory and for our own frames.
const STACK_BYTES: usize = 256 * 1024;

/// What the table of runs is told of a start that went well.
pub(super) struct Started {
    pub(super) child: Child,
    pub(super) reach: Reach,
}

/// The end of one spawn.
pub(super) struct Outcome {
    pub(super) run: Run,
    /// The pid of a child that did not come to life, should somebody have seen it end.
    #[cfg_attr(windows, expect(dead_code, reason = "an end is told by handle there"))]
    pub(super) stillborn: Option<i32>,
    /// Empty when not even that much came about.
    #[cfg_attr(windows, expect(dead_code, reason = "a tree has no name there"))]
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
    workshop: Workshop,
    outcomes: UnboundedSender<Outcome>,
}

/// Takes launches in and gives outcomes out.
pub(super) struct Spawner {
    shared: Arc<Shared>,
    threads: usize,
    slots: Box<[Arc<Slot>]>,
    outcomes: UnboundedReceiver<Outcome>,
}

impl Spawner {
    /// At most `threads_max` threads, by default one for each core and no more than four.
    pub(super) fn new(threads_max: Option<usize>, workshop: Workshop) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads_max = threads_max.unwrap_or(cores.min(4)).max(1);
        let (sender, outcomes) = unbounded_channel();
        let (queue, wake) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { queue, wake, workshop, outcomes: sender });
        let slots = (0..threads_max).map(|_| Arc::default()).collect();
        Self { shared, threads: 0, slots, outcomes }
    }

    pub(super) fn push(&mut self, run: Run, make: Make) {
        let mut queue = self.shared.lock();
        queue.jobs.push_back((run, make));
        let is_short = queue.idle < queue.jobs.len() && self.threads < self.slots.len();
        drop(queue);
        if is_short {
            self.hire();
        }
        self.shared.wake.notify_one();
    }

    /// Lets go of room that only a long queue needed.
    pub(super) fn shrink(&mut self) {
        self.shared.lock().jobs.shrink_to_fit();
    }

    /// The spawns that threads are busy with.
    #[cfg(unix)]
    pub(super) fn slots(&self) -> &[Arc<Slot>] {
        &self.slots
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
        let slot = Arc::clone(&self.slots[self.threads]);
        let work = move || {
            let mut nursery = Nursery::new();
            while let Some((run, make)) = shared.next_job() {
                slot.enter(run);
                let mut launch = make();
                let result = variables::complete(&mut launch)
                    .and_then(|()| nursery.start(run, &launch, &shared.workshop, &slot));
                let reach = launch.reach;
                let result = result.map(|child| Started { child, reach });
                let (tree, stillborn) = (launch.tree.into(), slot.stillborn());
                // Nobody may be there to hear it when the daemon is ending.
                let _ = shared.outcomes.send(Outcome { run, stillborn, tree, result });
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
            let _ = self.shared.outcomes.send(Outcome {
                run,
                stillborn: None,
                tree: "".into(),
                result,
            });
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
