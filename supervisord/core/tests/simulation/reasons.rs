//! Why a service may start, by the world's own books.

use supervisor_core::{
    Cause, Condition, Exit, KeepAlive, Level, Policy, Restart, RestartOn, Triggers,
};

use crate::known::{End, Known};
use crate::nature::CRASHES;

/// Which levels hold, by their places.
pub(crate) type Held = Vec<bool>;

impl Known {
    pub(crate) fn triggers(&self) -> Option<&Triggers> {
        self.policy.triggers.as_deref()
    }

    /// A person asked for a run that has not begun.
    pub(crate) fn is_asked(&self) -> bool {
        self.owed == Some(Cause::Asked)
    }

    /// It had its one run.
    pub(crate) fn is_spent(&self) -> bool {
        !self.trees.is_empty() && self.triggers().is_some_and(|triggers| triggers.once)
    }

    /// Nobody asked for it yet, and somebody has to.
    pub(crate) fn awaits_demand(&self) -> bool {
        self.trees.is_empty() && self.triggers().is_some_and(|triggers| triggers.after_demand)
    }

    pub(crate) fn may_start_itself(&self) -> bool {
        !self.is_spent() && !self.awaits_demand()
    }

    /// Something may come that starts it.
    pub(crate) fn may_be_triggered(&self) -> bool {
        let has_any = self.triggers().is_some_and(|triggers| {
            let Triggers { interval, calendar, has_edges, levels, .. } = triggers;
            interval.is_some() || !calendar.is_empty() || *has_edges || !levels.is_empty()
        });
        !self.is_spent() && (has_any || self.awaits_demand())
    }

    /// A trigger comes to one that is wanted and enabled.
    pub(crate) fn trigger(&mut self, cause: Cause) {
        let has = self.triggers().is_some_and(|triggers| match cause {
            Cause::Interval => triggers.interval.is_some(),
            Cause::Calendar => !triggers.calendar.is_empty(),
            Cause::Watch | Cause::Mount | Cause::Socket => triggers.has_edges,
            Cause::Load | Cause::Asked | Cause::KeepAlive | Cause::Before | Cause::Level(_) => {
                false
            }
        });
        let opens = cause == Cause::Socket && !self.is_spent();
        if has && (opens || self.may_start_itself()) {
            self.owed = self.owed.or(Some(cause));
        }
    }

    /// The policy wants another run after how the last one ended.
    pub(crate) fn is_kept_alive(&self) -> bool {
        let Some(End { exit, asked }) = self.trees.last().and_then(|tree| tree.end) else {
            return false;
        };
        if let Some(restart) = &self.policy.restart {
            return is_restarted(restart, exit);
        }
        let holds = |condition: &Condition| match condition {
            Condition::SuccessfulExit(value) => (exit == Some(Exit::Code(0))) == *value,
            Condition::Crashed(value) => (CRASHES.map(Some).contains(&exit) && !asked) == *value,
        };
        match &self.policy.keep_alive {
            KeepAlive::Never => false,
            KeepAlive::Always => true,
            KeepAlive::When(conditions) => conditions.iter().any(holds),
        }
    }

    /// A start is owed, or the policy wants one as things stand.
    pub(crate) fn has_reason(&self, held: &Held) -> bool {
        let is_due = self.is_kept_alive() || held.contains(&true);
        self.owed.is_some() || self.may_start_itself() && is_due
    }

    /// Takes another definition in; what only the old one gave reason for is owed no more.
    pub(crate) fn replace(&mut self, policy: Policy) {
        let old = std::mem::replace(&mut self.policy, policy);
        let has_same_levels = levels(&old) == levels(&self.policy);
        if old.start_limit != self.policy.start_limit {
            self.forgive();
        }
        if !has_same_levels {
            self.told_levels = vec![false; levels(&self.policy).len()];
        }
        let triggers = self.policy.triggers.as_deref();
        self.timers.change(old.triggers.as_deref(), triggers);
        let stays = match self.owed {
            Some(Cause::Asked) | None => true,
            Some(Cause::Load) => self.may_start_itself(),
            Some(Cause::Interval) => triggers.is_some_and(|triggers| triggers.interval.is_some()),
            Some(Cause::Calendar) => triggers.is_some_and(|new| !new.calendar.is_empty()),
            Some(Cause::Watch | Cause::Mount | Cause::Socket) => {
                triggers.is_some_and(|triggers| triggers.has_edges)
            }
            Some(Cause::Level(_)) => has_same_levels,
            Some(Cause::KeepAlive | Cause::Before) => false,
        };
        if !stays || !self.is_asked() && !self.may_start_itself() {
            self.owed = None;
        }
    }
}

pub(crate) fn levels(policy: &Policy) -> &[Level] {
    policy.triggers.as_deref().map_or(&[], |triggers| &triggers.levels)
}

/// By what each word means, end by end.
fn is_restarted(restart: &Restart, exit: Option<Exit>) -> bool {
    let is_special =
        |codes: &[u32]| matches!(exit, Some(Exit::Code(code)) if codes.contains(&code));
    if is_special(&restart.never) {
        return false;
    }
    let is_success = is_success_for(restart, exit);
    let by_itself = matches!(exit, Some(Exit::Code(_))) && !CRASHES.map(Some).contains(&exit);
    match restart.on {
        RestartOn::Always => true,
        RestartOn::Failure => !is_success,
        RestartOn::Success => is_success,
        RestartOn::Abnormal => !is_success && !by_itself && exit.is_some(),
        RestartOn::Never => false,
    }
}

fn is_success_for(restart: &Restart, exit: Option<Exit>) -> bool {
    match exit {
        Some(Exit::Signal { number, .. }) => restart.signals.contains(&number),
        Some(Exit::Code(0)) => true,
        Some(Exit::Code(code)) => restart.successes.contains(&code),
        Some(Exit::Unknown) | None => false,
    }
}

/// The end of a run that went well, by its definition.
pub(crate) fn is_success(policy: &Policy, exit: Option<Exit>) -> bool {
    let plainly = exit == Some(Exit::Code(0));
    policy.restart.as_ref().map_or(plainly, |restart| is_success_for(restart, exit))
}

/// Whether it runs at all times, as far as it is up to its definition.
pub(crate) fn is_always_up(policy: &Policy) -> bool {
    let by_keep_alive = policy.keep_alive == KeepAlive::Always;
    policy.restart.as_ref().map_or(by_keep_alive, |restart| restart.on == RestartOn::Always)
}

pub(crate) fn starts_at_load(policy: &Policy) -> bool {
    if let Some(restart) = &policy.restart {
        return policy.run_at_load || restart.on != RestartOn::Never;
    }
    policy.run_at_load
        || match &policy.keep_alive {
            KeepAlive::Never => false,
            KeepAlive::Always => true,
            KeepAlive::When(conditions) => !conditions.is_empty(),
        }
}
