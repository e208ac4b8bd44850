//! The threads that start processes, so that a slow disk never holds up the loop and a boot uses
//! every core. They are made when first needed and sleep when there is nothing to start.
//!
//! However many services end as soon as they begin, the others do not wait for them.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
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

/// Who lets so many others go first is never on all threads at once, where there are several.
const PATIENT: u16 = 1000;

/// A start that takes longer waits for a disk, and must not hold up others of its kind.
const SLOW: Duration = Duration::from_millis(100);

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

/// A start whose turn comes when all that are due sooner have begun.
struct Job {
    due: u64,
    /// Of those due at once, the first asked for is the first begun.
    number: u64,
    is_patient: bool,
    run: Run,
    make: Make,
}

/// What there is to start, and who is free for it.
struct Queue {
    jobs: BinaryHeap<Reverse<Job>>,
    last_number: u64,
    /// How many threads more may be busy with patient ones: one is there for others, if there are
    /// several.
    patient_room: usize,
    /// How many patient ones have come to their end.
    patient_ended: u64,
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
        let (queue, wake) = (Mutex::new(Queue::new(threads_max)), Condvar::new());
        let shared = Arc::new(Shared { queue, wake, workshop, outcomes: sender });
        let slots = (0..threads_max).map(|_| Arc::default()).collect();
        Self { shared, threads: 0, slots, outcomes }
    }

    /// Begins a start after those asked for before, and after so many asked for later that do not
    /// defer to others themselves.
    pub(super) fn push(&mut self, run: Run, deference: u16, make: Make) {
        let mut queue = self.shared.lock();
        queue.push(run, deference, make);
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
            let mut was_patient = false;
            while let Some(Job { run, make, is_patient, .. }) = shared.next_job(was_patient) {
                was_patient = is_patient;
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
        for Reverse(Job { run, .. }) in self.shared.lock().jobs.drain() {
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

    /// What a thread is to do after something patient or not; none when all is over.
    fn next_job(&self, was_patient: bool) -> Option<Job> {
        let mut queue = self.lock();
        queue.patient_room += usize::from(was_patient);
        queue.patient_ended += u64::from(was_patient);
        let mut are_slow = false;
        loop {
            if queue.closed {
                return None;
            }
            if let Some(job) = queue.pop(are_slow) {
                return Some(job);
            }
            let before = queue.patient_ended;
            queue.idle += 1;
            (queue, are_slow) = if queue.jobs.is_empty() {
                let woken = self.wake.wait(queue);
                (woken.unwrap_or_else(PoisonError::into_inner), false)
            } else {
                let woken = self.wake.wait_timeout(queue, SLOW);
                let (queue, limit) = woken.unwrap_or_else(PoisonError::into_inner);
                let are_slow = limit.timed_out() && queue.patient_ended == before;
                (queue, are_slow)
            };
            queue.idle -= 1;
        }
    }
}

impl Queue {
    fn new(threads_max: usize) -> Self {
        let patient_room = (threads_max - 1).max(1);
        let (jobs, last_number, patient_ended) = Default::default();
        Self { jobs, last_number, patient_room, patient_ended, idle: 0, closed: false }
    }

    fn push(&mut self, run: Run, deference: u16, make: Make) {
        self.last_number += 1;
        let (due, number) = (self.last_number + u64::from(deference), self.last_number);
        self.jobs.push(Reverse(Job { due, number, is_patient: PATIENT <= deference, run, make }));
    }

    /// The next job for a thread; where all that are busy with patient ones are slow, it may be one
    /// more of them.
    fn pop(&mut self, are_slow: bool) -> Option<Job> {
        let Reverse(next) = self.jobs.peek()?;
        let is_counted = next.is_patient && !(are_slow && self.patient_room == 0);
        self.patient_room = self.patient_room.checked_sub(usize::from(is_counted))?;
        let Reverse(job) = self.jobs.pop()?;
        Some(Job { is_patient: is_counted, ..job })
    }
}

impl Job {
    fn rank(&self) -> (u64, u64) {
        (self.due, self.number)
    }
}

impl Ord for Job {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Job {}

#[cfg(test)]
mod tests {
    use supervisor_core::ServiceId;

    use super::*;

    const LONG: u16 = 10_000;

    fn queue(threads_max: usize, asked: &[(u32, u16)]) -> Queue {
        let mut queue = Queue::new(threads_max);
        for (service, deference) in asked {
            let run = Run { service: ServiceId(*service), number: 1 };
            queue.push(run, *deference, Box::new(|| unreachable!("nothing is started here")));
        }
        queue
    }

    fn pop(queue: &mut Queue) -> Option<u32> {
        queue.pop(false).map(|job| job.run.service.0)
    }

    #[test]
    fn who_defers_waits_for_all_others_and_equals_keep_their_order() {
        let asked = [(1, LONG), (2, 0), (3, LONG / 2), (4, 0)];
        let mut queue = queue(8, &asked);
        let order = std::array::from_fn(|_| pop(&mut queue));
        assert_eq!(order, [Some(2), Some(4), Some(3), Some(1), None]);
    }

    #[test]
    fn who_defers_is_overtaken_that_often_and_no_more() {
        let mut queue = queue(8, &[(1, 2), (2, 0), (3, 0), (4, 0)]);
        let order = std::array::from_fn(|_| pop(&mut queue));
        assert_eq!(order, [Some(2), Some(1), Some(3), Some(4)]);
    }

    #[test]
    fn who_defers_long_never_has_all_threads() {
        let mut several = queue(3, &[(1, LONG), (2, LONG), (3, LONG)]);
        let taken = std::array::from_fn(|_| pop(&mut several));
        assert_eq!(taken, [Some(1), Some(2), None]);
        let run = Run { service: ServiceId(9), number: 1 };
        several.push(run, 0, Box::new(|| unreachable!("nothing is started here")));
        assert_eq!(pop(&mut several), Some(9));
        several.patient_room += 1;
        assert_eq!(pop(&mut several), Some(3));
        assert_eq!(pop(&mut queue(1, &[(1, LONG)])), Some(1));
    }

    #[test]
    fn who_defers_long_has_all_threads_while_those_before_are_slow() {
        let mut queue = queue(2, &[(1, LONG), (2, LONG), (3, LONG)]);
        assert_eq!(pop(&mut queue), Some(1));
        let lent = queue.pop(true).expect("the first is slow");
        assert_eq!((lent.run.service.0, lent.is_patient), (2, false));
        assert_eq!(pop(&mut queue), None);
        queue.patient_room += 1;
        let counted = queue.pop(true).expect("there is room");
        assert_eq!((counted.is_patient, queue.patient_room), (true, 0));
    }
}
