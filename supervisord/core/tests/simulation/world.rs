//! A random world: a clock, processes that live and die, news that comes late or twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use supervisor_core::{Action, Event, Exit, Moment, RequestId, Run, ServiceId, Supervisor};

use crate::known::{Known, Told, Tree};
use crate::nature::{Birth, KILLED, TERMINATED};
use crate::people::{Asked, People};
use crate::random::Random;
use crate::sight::Sight;

/// More steps than this are a livelock.
const STEPS_MAX: usize = 20_000;

/// The loop may come to a timeout so much late.
pub(crate) const LATE_MAX_MS: u64 = 50;

/// A world.
pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) now: Moment,
    pub(crate) core: Supervisor,
    pub(crate) services: BTreeMap<ServiceId, Known>,
    pub(crate) people: People,
    /// Requests that wait for an answer.
    pub(crate) open: BTreeMap<RequestId, Asked>,
    pub(crate) seen: BTreeSet<Sight>,
    pub(crate) is_shutting_down: bool,
    pub(crate) is_finished: bool,
    future: BTreeMap<(Moment, u64), Happening>,
    happenings: u64,
    /// For which deadline the loop sleeps, and when it wakes.
    timer: Option<(Moment, Moment)>,
    tells: bool,
}

/// One thing that is going to happen.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    /// Somebody does something, or nobody any more.
    People,
    Shutdown,
    /// The supervisor is told, for the first time or again.
    News(Event),
    /// The end of a process was noticed; whether others of its tree live is looked up then.
    Exited(Run, Exit),
    Born(Run),
    MainEnds(Run, Exit),
    ChildEnds(Run),
}

impl World {
    pub(crate) fn new(seed: u64, tells: bool) -> Self {
        let mut random = Random::new(seed);
        let people = People::new(&mut random);
        let mut world = Self {
            random,
            people,
            tells,
            now: Moment::default(),
            core: Supervisor::default(),
            services: BTreeMap::new(),
            open: BTreeMap::new(),
            seen: BTreeSet::new(),
            is_shutting_down: false,
            is_finished: false,
            future: BTreeMap::new(),
            happenings: 0,
            timer: None,
        };
        world.later(Duration::ZERO, Happening::People);
        world
    }

    /// Lets everything happen, from the first day to the last.
    pub(crate) fn play(&mut self) {
        for _ in 0..STEPS_MAX {
            if !self.step() {
                return self.judge_the_end();
            }
        }
        panic!("a livelock: {STEPS_MAX} steps, and it is still {}", self.now);
    }

    fn step(&mut self) -> bool {
        let next = self.future.first_key_value().map(|((moment, _), _)| *moment);
        if let Some((_, wakes)) = self.timer
            && next.is_none_or(|next| wakes < next || wakes == next && self.random.chance(50))
        {
            self.now = wakes;
            self.handle(Event::Timeout);
            return true;
        }
        let Some(((moment, _), happening)) = self.future.pop_first() else {
            return self.kill_by_hand();
        };
        self.now = moment;
        self.happen(happening);
        true
    }

    pub(crate) fn later(&mut self, after: Duration, happening: Happening) {
        self.happenings += 1;
        self.future.insert((self.now + after, self.happenings), happening);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::People => self.people_act(),
            Happening::Shutdown => {
                if !self.people.quiet.is_zero() {
                    self.judge_the_goal();
                }
                self.is_shutting_down = true;
                self.handle(Event::Shutdown);
            }
            Happening::News(event) => self.tell(event),
            Happening::Exited(run, exit) => {
                let tree = self.known(run).tree(run);
                let tree_empty = !tree.child_lives;
                self.tell(Event::Exited { run, exit, tree_empty });
            }
            Happening::Born(run) => self.bear(run),
            Happening::MainEnds(run, exit) => {
                let tree = self.known(run).tree(run);
                if std::mem::take(&mut tree.main_lives) {
                    let after = self.random.up_to(5);
                    self.later(after, Happening::Exited(run, exit));
                }
            }
            Happening::ChildEnds(run) => {
                let tree = self.known(run).tree(run);
                if std::mem::take(&mut tree.child_lives) && tree.told == Told::MainEnded {
                    let after = self.random.up_to(5);
                    self.later(after, Happening::News(Event::Cleared(run)));
                }
            }
        }
    }

    fn known(&mut self, run: Run) -> &mut Known {
        self.services.get_mut(&run.service).expect("a tree keeps its service from being forgotten")
    }

    /// Tells news, and sometimes once more much later.
    fn tell(&mut self, event: Event) {
        if self.random.chance(15) {
            let after = self.random.up_to(20_000);
            self.later(after, Happening::News(event.clone()));
        }
        if let Some(known) = run_of(&event).and_then(|run| self.services.get_mut(&run.service)) {
            known.hear(&event, self.now);
        }
        self.handle(event);
    }

    fn bear(&mut self, run: Run) {
        let tree = self.known(run).tree(run);
        let Birth { is_made, main, child, .. } = tree.birth;
        tree.is_being_made = false;
        if !is_made {
            return self.tell(Event::SpawnFailed { run, cause: "no such file".into() });
        }
        tree.main_lives = true;
        tree.child_lives = child.is_some();
        if let Some(life) = main.life {
            self.later(life, Happening::MainEnds(run, main.exit));
        }
        if let Some(life) = child.and_then(|child| child.life) {
            self.later(life, Happening::ChildEnds(run));
        }
        // Now and then the end of a process is noticed before its beginning.
        let after = if self.random.chance(20) { self.random.up_to(500) } else { Duration::ZERO };
        self.later(after, Happening::News(Event::Spawned(run)));
    }

    /// One turn of the loop.
    pub(crate) fn handle(&mut self, event: Event) {
        self.look(&event);
        self.say("> ", &event);
        let (is_timeout, was) = (matches!(event, Event::Timeout), self.core.deadline());
        let states = self
            .core
            .services()
            .map(|(id, service)| (id, (service.state(), service.is_enabled())))
            .collect();
        let mut actions = Vec::new();
        self.core.handle(self.now, event, &mut actions);
        self.judge_news(&states, &actions);
        for action in actions {
            self.say("  ", &action);
            self.judge(action);
            self.perform(action);
        }
        self.judge_deadlines(is_timeout, was);
        self.judge_services();
        self.judge_waiters();
        let deadline = self.core.deadline();
        if self.timer.map(|(deadline, _)| deadline) != deadline {
            let is_late = self.random.chance(20);
            let late = self.random.up_to(if is_late { LATE_MAX_MS } else { 0 });
            self.timer = deadline.map(|deadline| (deadline, self.now.max(deadline + late)));
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Spawn(run) => {
                let policy = &self.services[&run.service].policy;
                let birth = Birth::random(policy, &mut self.random);
                let tree = Tree::new(birth, self.now);
                let known = self.known(run);
                (known.asked, known.due) = (false, false);
                known.trees.push(tree);
                self.later(birth.after, Happening::Born(run));
            }
            Action::Terminate(run) => {
                let now = self.now;
                self.known(run).terminate(run, now);
                let Birth { main, child, .. } = self.known(run).tree(run).birth;
                if let Some(after) = main.on_terminate {
                    self.later(after, Happening::MainEnds(run, TERMINATED));
                }
                if let Some(after) = child.and_then(|child| child.on_terminate) {
                    self.later(after, Happening::ChildEnds(run));
                }
            }
            Action::Kill(run) => {
                let tree = self.known(run).tree(run);
                (tree.force_at, tree.is_forced) = (None, true);
                let Birth { main, child, .. } = tree.birth;
                self.later(main.on_kill, Happening::MainEnds(run, KILLED));
                if let Some(child) = child {
                    self.later(child.on_kill, Happening::ChildEnds(run));
                }
            }
            Action::Store(id) => {
                let service = self.core.service(id).expect("stored while it is there");
                let stored = (service.goal(), service.is_enabled());
                self.services.get_mut(&id).expect("a known service").stored = stored;
            }
            Action::Forget(id) => {
                self.core.forget(id, self.now, &mut Vec::new());
                self.services.remove(&id);
                self.forget_future(id);
            }
            Action::Finish => self.is_finished = true,
            Action::Announce(_) | Action::Reply { .. } => {}
        }
    }

    /// What the dead of a forgotten service would still have done; news of them may yet come.
    fn forget_future(&mut self, id: ServiceId) {
        self.future.retain(|_, happening| match happening {
            Happening::Exited(run, _)
            | Happening::Born(run)
            | Happening::MainEnds(run, _)
            | Happening::ChildEnds(run) => run.service != id,
            Happening::People | Happening::Shutdown | Happening::News(_) => true,
        });
    }

    /// Ends what a definition without a stop timeout leaves for people to end; false when all is over.
    fn kill_by_hand(&mut self) -> bool {
        let stuck: Vec<Run> =
            self.core.services().filter_map(|(_, one)| one.state().run()).collect();
        for run in &stuck {
            let tree = self.known(*run).tree(*run);
            let is_up_to_people = tree.terminated.is_some() && tree.force_at.is_none();
            assert!(is_up_to_people && tree.told == Told::Spawned, "it will not end: {tree:?}");
            self.later(Duration::from_secs(3600), Happening::MainEnds(*run, KILLED));
        }
        !stuck.is_empty()
    }

    fn say(&self, mark: &str, what: &impl std::fmt::Debug) {
        if self.tells {
            eprintln!("{:<14}{mark}{what:?}", self.now.to_string());
        }
    }
}

pub(crate) fn run_of(event: &Event) -> Option<Run> {
    match event {
        Event::Spawned(run)
        | Event::SpawnFailed { run, .. }
        | Event::Exited { run, .. }
        | Event::Cleared(run) => Some(*run),
        Event::Load(_)
        | Event::Ask { .. }
        | Event::Cancel(_)
        | Event::Trigger { .. }
        | Event::Level { .. }
        | Event::Wall(_)
        | Event::Shutdown
        | Event::Timeout => None,
    }
}
