//! The daemon is killed, its processes go on, and another one takes over what it finds.

use supervisor_core::{
    Cause, Event, Exit, Left, Load, Moment, Past, Run, ServiceId, Supervisor, Wall, Want,
};

use crate::known::{End, Known, Told};
use crate::sight::left;
use crate::world::{Happening, World};

impl World {
    /// What it knew is lost, but for what is stored and noted of runs.
    pub(crate) fn kill_daemon(&mut self) {
        (self.core, self.timer, self.is_killed) = (Supervisor::default(), None, true);
        self.open.clear();
        let ids: Vec<ServiceId> = self.services.keys().copied().collect();
        for id in ids {
            let known = self.services.get_mut(&id).expect("one of them");
            // The definition is deleted first, and what it left is killed by the next daemon.
            if known.removed {
                self.services.remove(&id);
                self.forget_future(id);
                continue;
            }
            // A process that is being made goes with its maker.
            if let Some(tree) = known.trees.last_mut().filter(|tree| tree.is_being_made) {
                tree.is_being_made = false;
                let run = Run { service: id, number: known.trees.len() as u32 };
                self.future.retain(
                    |_, happening| !matches!(happening, Happening::Born(born) if *born == run),
                );
            }
        }
        self.future.retain(|_, happening| {
            !matches!(happening, Happening::News(_) | Happening::Exited(..))
        });
        let after = self.random.up_to(5000);
        self.later(after, Happening::Reborn);
    }

    /// What happens while there is no daemon; false when it happens as ever.
    pub(crate) fn happen_alone(&mut self, happening: &Happening) -> bool {
        match *happening {
            Happening::People | Happening::Shutdown => {
                self.later(std::time::Duration::from_secs(1), happening.clone());
            }
            Happening::MainEnds(run, _) => self.known(run).tree(run).main_lives = false,
            Happening::ChildEnds(run) => self.known(run).tree(run).child_lives = false,
            Happening::Born(_) | Happening::News(_) | Happening::Exited(..) => {
                unreachable!("it went with the daemon")
            }
            Happening::Reborn => return false,
        }
        true
    }

    /// All definitions are loaded, in any order.
    pub(crate) fn be_reborn(&mut self) {
        self.is_killed = false;
        let mut found = std::mem::take(&mut self.services);
        self.by_label.clear();
        self.expected = found.values().map(|known| known.label.clone()).collect();
        self.core.expect(self.expected.iter().cloned());
        self.handle(Event::Wall(self.wall.clone()));
        while !found.is_empty() {
            let ids: Vec<ServiceId> = found.keys().copied().collect();
            let id = self.random.pick(&ids);
            let known = found.remove(&id).expect("one of them");
            self.find(id, known);
        }
        self.expected.clear();
    }

    fn find(&mut self, service: ServiceId, mut known: Known) {
        let levels = std::mem::take(&mut known.told_levels);
        known.told_levels = vec![false; levels.len()];
        let past = known.past(self.now);
        if past.is_some() {
            known.resume(self.now, &self.wall);
        }
        if past.is_none() {
            known.begin();
        }
        self.seen.insert(("past", past.as_ref().map_or("none", |past| left(past.left))));
        let load = Load {
            service,
            label: known.label.clone(),
            policy: known.policy.clone(),
            goal: known.goal,
            enabled: known.enabled,
            past,
            seed: self.random.below(u64::MAX),
            request: None,
            want: Want::Nothing,
        };
        self.by_label.insert(known.label.clone(), service);
        self.services.insert(service, known);
        self.handle(Event::Load(Box::new(load)));
        for (level, holds) in (0..).zip(levels) {
            if holds {
                self.handle(Event::Level { service, level, holds });
            }
        }
    }
}

impl Known {
    /// What the next daemon finds, and how that one has to see it.
    fn past(&mut self, now: Moment) -> Option<Past> {
        let before = self.trees.iter().rev().nth(1).and_then(|tree| tree.end);
        let (mut left, mut is_unseen) = (Left::Nothing, false);
        if let Some(last) = self.trees.last_mut() {
            (last.terminated, last.is_told_again) = (None, false);
            (last.force_at, last.is_forced) = (None, false);
            // Also when others of its tree live: nobody knows how far it came.
            let is_noted = self.noted.as_ref().is_some_and(|memory| memory.is_begun);
            let is_begun = is_noted && !last.main_lives;
            (left, last.told) = match (last.main_lives, last.child_lives) {
                (true, _) => (Left::Main, Told::Spawned),
                (false, true) => (Left::Others, Told::MainEnded),
                (false, false) => (Left::Nothing, Told::AllEnded),
            };
            is_unseen = left != Left::Main && !is_begun && last.end.is_none();
            let unseen = Some(End { exit: Some(Exit::Unknown), asked: false });
            last.end = match left {
                Left::Main => None,
                Left::Others | Left::Nothing if is_begun => before.or(unseen),
                Left::Others | Left::Nothing => last.end.or(unseen),
            };
        }
        if is_unseen {
            self.count_end(now);
        }
        self.starts.clear();
        self.noted.clone().map(|memory| Past { memory, left })
    }

    /// What is owed is still owed, but for what is seen anew.
    fn resume(&mut self, now: Moment, wall: &Wall) {
        let is_begun = self.noted.as_ref().is_some_and(|memory| memory.is_begun);
        self.owed = self.owed.filter(|owed| match owed {
            Cause::KeepAlive | Cause::Level(_) => false,
            Cause::Load | Cause::Before => self.may_start_itself(),
            Cause::Asked
            | Cause::Interval
            | Cause::Calendar
            | Cause::Watch
            | Cause::Mount
            | Cause::Socket => true,
        });
        let triggers = self.policy.triggers.clone();
        if let Some(cause) = self.timers.come(triggers.as_deref(), now, wall) {
            self.trigger(cause);
        }
        let is_found = self.trees.last().is_some_and(|tree| tree.told == Told::Spawned);
        if is_begun && !is_found {
            self.owed = self.owed.or(Some(Cause::Before));
        }
    }
}
