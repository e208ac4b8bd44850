//! The life of one service: what each request does in each state; `news.rs` has the same for news.
//! The steps they share are in `steps.rs`; nothing else changes a state.
//!
//! Goal and state are two axes: the goal is what people asked, the state is where the service is.
//! A start may also be *owed* (asked for, due at load, due by policy) while a process is still in
//! the way; it is paid when the service comes to rest.
//!
//! | state    | start  | stop      | restart   | spawned       | could not | exited        | cleared | time  |
//! |----------|--------|-----------|-----------|---------------|-----------|---------------|---------|-------|
//! | Down     | Spawn  | -         | Spawn     | -             | -         | -             | -       | -     |
//! | Waiting  | Spawn  | Down      | Spawn     | -             | -         | -             | -       | -     |
//! | Spawning | -      | *         | *         | Up, Stopping* | rest      | as Up         | -       | -     |
//! | Up       | -      | Stopping  | Stopping  | -             | -         | Clearing,rest | -       | -     |
//! | Stopping | owe    | -         | owe       | -             | -         | Clearing,rest | -       | kill  |
//! | Clearing | owe    | -         | owe       | -             | -         | -             | rest    | kill  |
//! | Backoff  | Spawn  | Down      | Spawn     | -             | -         | -             | -       | Spawn |
//! | Failed   | Spawn  | Down      | Spawn     | -             | -         | -             | -       | -     |
//!
//! A *trigger* (timer, path, socket, level) owes a start: paid at once at rest, later else. It
//! counts only while the service is wanted, and once however often it came.
//!
//! `*` a run that is no longer wanted when its process appears is told to end at once.
//! *rest* spawns when a start is owed or the policy wants one and the throttle allows it; else it
//! is Backoff until the throttle does, Failed when it was started too often or the process could
//! not be made, Waiting when a trigger may come, or Down. A process that could not be made for want
//! of something that comes back is still owed, whatever the policy says.

use super::{Cause, Ended, Goal, Leaving, Service, State, Turn};
use crate::action::Action;
use crate::past::{Left, Past};
use crate::run::{Exit, Run};

/// Requests.
impl Service {
    /// Acts by the policy as if just loaded.
    pub(crate) fn load(&mut self, turn: &mut Turn<'_>) {
        self.forgive();
        self.set_timers(turn);
        match self.state {
            State::Down | State::Waiting | State::Failed => {
                if self.policy.starts_at_load() && self.may_start_itself() {
                    self.owed = Some(Cause::Load);
                }
                self.rest(turn);
            }
            State::Backoff { .. } => self.rest(turn),
            State::Spawning { .. }
            | State::Up { .. }
            | State::Stopping { .. }
            | State::Clearing { .. } => {}
        }
    }

    /// Goes on where an earlier daemon left it.
    pub(crate) fn resume(&mut self, past: Past, turn: &mut Turn<'_>) {
        let Past { memory, left } = past;
        let run = Run { service: self.id, number: memory.runs };
        let (since, is_begun) = (memory.since, memory.is_begun);
        let is_unseen = memory.ended_run != memory.runs;
        self.recall(memory, turn);
        if left == Left::Main {
            self.ended_run = self.runs.saturating_sub(1);
            self.enter(State::Up { run }, turn);
            if !self.is_wanted() || self.owed == Some(Cause::Asked) {
                return self.terminate(run, turn);
            }
            self.since = since;
            return;
        }
        // Of a daemon that left no word, only that it had begun is known.
        let is_forgotten = self.runs == 0 && left == Left::Others;
        let is_due = is_forgotten && self.policy.starts_at_load() && self.may_start_itself();
        if is_begun || is_due {
            self.owed.get_or_insert(Cause::Before);
        }
        let is_endless = self.ended == Ended::Never && (self.runs != 0 || is_forgotten);
        let unknown = Ended::Exit { exit: Exit::Unknown, asked: false };
        if is_unseen && !is_begun {
            self.count_end(unknown, turn.now);
        } else if is_endless {
            self.ended = unknown;
        }
        self.ended_run = self.runs;
        if left == Left::Others {
            return self.clear(run, turn.now + self.patience(), turn);
        }
        self.rest(turn);
        if !is_unseen && !self.is_active() {
            self.since = since;
        }
    }

    pub(crate) fn start(&mut self, turn: &mut Turn<'_>) {
        self.demand(turn);
        match self.state {
            State::Down | State::Waiting | State::Backoff { .. } | State::Failed => {
                self.spawn(Cause::Asked, turn);
            }
            State::Spawning { renew: false, .. } | State::Up { .. } => {}
            State::Spawning { renew: true, .. }
            | State::Stopping { .. }
            | State::Clearing { .. } => self.owed = Some(Cause::Asked),
        }
    }

    pub(crate) fn stop(&mut self, turn: &mut Turn<'_>) {
        self.aim(Goal::Down, turn);
        self.end(turn);
    }

    pub(crate) fn restart(&mut self, turn: &mut Turn<'_>) {
        self.demand(turn);
        self.renew(turn);
    }

    pub(crate) fn enable(&mut self, turn: &mut Turn<'_>) {
        if !self.enabled {
            self.set_enabled(true, turn);
            self.load(turn);
        }
    }

    pub(crate) fn disable(&mut self, turn: &mut Turn<'_>) {
        self.set_enabled(false, turn);
        self.set_timers(turn);
        match self.state {
            State::Down | State::Waiting | State::Backoff { .. } | State::Failed => self.rest(turn),
            State::Spawning { .. }
            | State::Up { .. }
            | State::Stopping { .. }
            | State::Clearing { .. } => {}
        }
    }

    pub(crate) fn remove(&mut self, turn: &mut Turn<'_>) {
        self.leaving = Leaving::Removed;
        self.end(turn);
    }

    pub(crate) fn shut_down(&mut self, turn: &mut Turn<'_>) {
        if self.leaving == Leaving::No {
            self.leaving = Leaving::Shutdown;
        }
        self.end(turn);
    }

    /// Its definition is another one since [`Service::take_policy`].
    pub(crate) fn replaced(&mut self, renew: bool, turn: &mut Turn<'_>) {
        match self.state {
            State::Failed => self.load(turn),
            State::Down | State::Waiting => {
                if self.policy.is_always_up() && self.may_start_itself() {
                    self.owed = Some(Cause::Load);
                }
                self.rest(turn);
            }
            State::Backoff { .. } => self.rest(turn),
            State::Spawning { .. }
            | State::Up { .. }
            | State::Stopping { .. }
            | State::Clearing { .. } => {
                if renew && self.is_wanted() && self.enabled {
                    self.renew(turn);
                }
            }
        }
    }

    pub(crate) fn is_removed(&self) -> bool {
        self.leaving == Leaving::Removed
    }

    fn renew(&mut self, turn: &mut Turn<'_>) {
        match self.state {
            State::Down | State::Waiting | State::Backoff { .. } | State::Failed => {
                self.spawn(Cause::Asked, turn);
            }
            State::Spawning { run, .. } => {
                self.owed = Some(Cause::Asked);
                self.state = State::Spawning { run, renew: true };
            }
            State::Up { run } => {
                self.owed = Some(Cause::Asked);
                self.terminate(run, turn);
            }
            State::Stopping { .. } | State::Clearing { .. } => self.owed = Some(Cause::Asked),
        }
    }

    fn end(&mut self, turn: &mut Turn<'_>) {
        self.owed = None;
        self.set_timers(turn);
        match self.state {
            State::Waiting | State::Backoff { .. } | State::Failed => self.enter(State::Down, turn),
            State::Up { run } => self.terminate(run, turn),
            State::Down
            | State::Spawning { .. }
            | State::Stopping { .. }
            | State::Clearing { .. } => {}
        }
    }

    fn set_enabled(&mut self, enabled: bool, turn: &mut Turn<'_>) {
        if self.enabled != enabled {
            self.enabled = enabled;
            turn.actions.push(Action::Store(self.id));
            turn.actions.push(Action::Announce(self.id));
        }
    }

    fn demand(&mut self, turn: &mut Turn<'_>) {
        self.aim(Goal::Up, turn);
        self.set_timers(turn);
    }

    fn aim(&mut self, goal: Goal, turn: &mut Turn<'_>) {
        if self.goal != goal {
            self.goal = goal;
            turn.actions.push(Action::Store(self.id));
        }
    }
}
