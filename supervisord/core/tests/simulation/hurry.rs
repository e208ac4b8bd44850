//! How long a shutdown may take, by the world's own books.

use std::time::Duration;

use supervisor_core::{Event, Moment};

use crate::known::Told;
use crate::world::World;

/// Where nobody says so.
const PATIENCE: Duration = Duration::from_secs(90);

/// From the kill to the end.
const GRACE: Duration = Duration::from_secs(5);

/// When a shutdown does what.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Hurry {
    pub(crate) kill_at: Option<Moment>,
    pub(crate) leave_at: Option<Moment>,
    /// Somebody asked for the end.
    is_begun: bool,
    /// When all that was left was killed.
    killed_at: Option<Moment>,
}

impl World {
    /// Somebody asks for the end, in a hurry or not.
    pub(crate) fn shut_down(&mut self) {
        let patience = self.random.chance(50).then(|| self.random.up_to(120_000));
        let is_begun = std::mem::replace(&mut self.hurry.is_begun, true);
        let longest = self.services.values().filter(|known| known.is_active());
        let longest = longest.filter_map(|known| known.policy.stop_timeout).max();
        let usual = longest.map_or(PATIENCE, |longest| longest.max(PATIENCE));
        let asked = patience.map(|patience| self.now + patience);
        if !is_begun {
            self.hurry.kill_at = Some(self.now + patience.unwrap_or(usual));
        } else if let (Some(at), Some(asked)) = (self.hurry.kill_at, asked) {
            self.hurry.kill_at = Some(at.min(asked));
        }
        self.handle(Event::Shutdown(patience));
    }

    /// A shutdown that came to its end hurries no more.
    pub(crate) fn end_hurry(&mut self) {
        (self.hurry.kill_at, self.hurry.leave_at) = (None, None);
    }

    /// What a timeout is about to do.
    pub(crate) fn foresee_hurry(&mut self) {
        let hurry = &mut self.hurry;
        if hurry.kill_at.is_some_and(|at| at <= self.now) {
            (hurry.kill_at, hurry.leave_at) = (None, Some(self.now + GRACE));
            hurry.killed_at = Some(self.now);
            for known in self.services.values_mut() {
                if let Some(tree) = known.trees.last_mut()
                    && tree.told < Told::AllEnded
                {
                    tree.force_at = Some(self.now);
                }
            }
        }
    }

    /// All that is left is killed in this very step.
    pub(crate) fn is_hurrying(&self) -> bool {
        self.hurry.killed_at == Some(self.now)
    }

    /// The end has come for those that could not be ended.
    pub(crate) fn may_leave(&self) -> bool {
        self.hurry.leave_at.is_some_and(|at| at <= self.now)
    }
}
