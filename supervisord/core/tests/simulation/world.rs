//! A random world: a clock, processes that live and die, news that comes late or twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use supervisor_core::{Event, Exit, Moment, RequestId, Run, ServiceId, Supervisor, Wall};

use crate::hurry::Hurry;
use crate::known::{Known, Told};
use crate::nature::{Birth, KILLED};
use crate::people::{Asked, People};
use crate::random::Random;
use crate::reasons::Held;
use crate::sight::Sight;
use crate::weather;

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
    /// Who was loaded last under a label.
    pub(crate) by_label: BTreeMap<Arc<str>, ServiceId>,
    /// Labels that are going to be loaded.
    pub(crate) expected: BTreeSet<Arc<str>>,
    /// Which levels held before this step.
    pub(crate) held_before: BTreeMap<ServiceId, Held>,
    /// The labels that this step is about.
    pub(crate) about: BTreeSet<Arc<str>>,
    pub(crate) wall: Wall,
    pub(crate) people: People,
    /// Requests that wait for an answer.
    pub(crate) open: BTreeMap<RequestId, Asked>,
    pub(crate) seen: BTreeSet<Sight>,
    pub(crate) is_shutting_down: bool,
    pub(crate) is_finished: bool,
    /// When what is left of a shutdown is killed, and when it is left.
    pub(crate) hurry: Hurry,
    /// The daemon was killed, and no other one began yet.
    pub(crate) is_killed: bool,
    pub(crate) future: BTreeMap<(Moment, u64), Happening>,
    happenings: u64,
    /// For which deadline the loop sleeps, and when it wakes.
    pub(crate) timer: Option<(Moment, Moment)>,
    /// When the machine woke from its latest sleep.
    pub(crate) woke: Moment,
    tells: bool,
}

/// One thing that is going to happen.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    /// Somebody does something, or nobody any more.
    People,
    Shutdown,
    /// Another daemon begins after the one that was killed.
    Reborn,
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
            by_label: BTreeMap::new(),
            expected: BTreeSet::new(),
            held_before: BTreeMap::new(),
            about: BTreeSet::new(),
            wall: Wall::default(),
            open: BTreeMap::new(),
            seen: BTreeSet::new(),
            is_shutting_down: false,
            is_finished: false,
            hurry: Hurry::default(),
            is_killed: false,
            future: BTreeMap::new(),
            happenings: 0,
            timer: None,
            woke: Moment::default(),
        };
        let wall = weather::first(&mut world.random);
        world.handle(Event::Wall(wall));
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
        if !self.is_killed || !self.happen_alone(&happening) {
            self.happen(happening);
        }
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
                self.shut_down();
            }
            Happening::Reborn => self.be_reborn(),
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

    pub(crate) fn known(&mut self, run: Run) -> &mut Known {
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
        let Birth { is_made, is_passing, main, child, .. } = tree.birth;
        tree.is_being_made = false;
        if !is_made {
            let cause = "no such file".into();
            return self.tell(Event::SpawnFailed { run, cause, is_passing });
        }
        tree.main_lives = true;
        tree.child_lives = child.is_some();
        if tree.is_forced {
            self.later(main.on_kill, Happening::MainEnds(run, KILLED));
            let on_kill = child.map(|child| child.on_kill);
            on_kill.into_iter().for_each(|after| self.later(after, Happening::ChildEnds(run)));
        }
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
        self.held_before = self.services.keys().map(|id| (*id, self.held(*id))).collect();
        self.about = self.label_of(&event).into_iter().collect();
        self.foresee(&event);
        let mut actions = Vec::new();
        self.core.handle(self.now, event, &mut actions);
        let mut done = 0;
        while let Some(&action) = actions.get(done) {
            done += 1;
            self.say("  ", &action);
            self.judge(action);
            actions.extend(self.perform(action));
        }
        self.judge_news(&states, &actions);
        self.keep_books();
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

    /// Ends what a definition without a stop timeout leaves for people to end; false when all is
    /// over.
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
        | Event::Shutdown(_)
        | Event::Timeout => None,
    }
}
