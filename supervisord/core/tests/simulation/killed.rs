//! The daemon is killed, its processes go on, and another one takes over what it finds.

use supervisor_core::{
    Ended, Event, Exit, Left, Load, Moment, Past, Run, ServiceId, Supervisor, Want,
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
            if known.trees.last().is_some_and(|tree| tree.is_being_made) {
                let run = Run { service: id, number: known.trees.len() as u32 };
                known.trees.pop();
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
        known.timers = crate::timers::Timers::default();
        (known.owed, known.since) = (None, Moment::default());
        known.inherited = known.trees.len();
        let levels = std::mem::take(&mut known.told_levels);
        known.told_levels = vec![false; levels.len()];
        let is_unclear = self.random.chance(20);
        let past = known.past(is_unclear);
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
            request: None,
            want: Want::Nothing,
        };
        self.by_label.insert(known.label.clone(), service);
        self.services.insert(service, known);
        self.handle(Event::Load(load));
        for (level, holds) in (0..).zip(levels) {
            if holds {
                self.handle(Event::Level { service, level, holds });
            }
        }
    }
}

impl Known {
    /// What the next daemon finds, and how that one has to see it.
    fn past(&mut self, is_unclear: bool) -> Option<Past> {
        let runs = u32::try_from(self.trees.len()).expect("few runs");
        let before = self.trees.iter().rev().nth(1).and_then(|tree| tree.end);
        let last = self.trees.last_mut()?;
        (last.terminated, last.is_told_again) = (None, false);
        (last.force_at, last.is_forced) = (None, false);
        if last.main_lives {
            last.told = Told::Spawned;
            return Some(Past { runs, ended: ended(before), is_begun: false, left: Left::Main });
        }
        let unseen = Some(End { exit: Some(Exit::Unknown), asked: false });
        let is_seen = last.end.is_some() && !(is_unclear && last.child_lives);
        last.end = if is_seen { last.end.map(|end| End { asked: false, ..end }) } else { unseen };
        let left = if last.child_lives { Left::Others } else { Left::Nothing };
        last.told = if last.child_lives { Told::MainEnded } else { Told::AllEnded };
        let is_unknown = !is_seen && before.is_none() && is_unclear;
        let ended = if is_unknown { Ended::Never } else { ended(last.end) };
        Some(Past { runs, ended, is_begun: false, left })
    }
}

fn ended(end: Option<End>) -> Ended {
    match end {
        None => Ended::Never,
        Some(End { exit: None, .. }) => Ended::NotMade("no such file".into()),
        Some(End { exit: Some(exit), .. }) => Ended::Exit { exit, asked: false },
    }
}
