//! What came of a change, in one sentence: `web: up, pid 4711`.

use protocol::message::{Outcome, Row, State};

/// What was asked of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Did {
    Add,
    Remove,
    Start,
    Stop,
    Restart,
    Enable,
    Disable,
    Wait,
}

impl Did {
    /// The verb as typed.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Wait => "wait for",
        }
    }

    /// True when an outcome in this state is not what was asked for.
    pub(crate) fn is_missed_by(self, state: State) -> bool {
        matches!(self, Self::Add | Self::Start | Self::Restart)
            && matches!(state, State::Backoff | State::Failed)
    }
}

/// The sentence.
pub(crate) fn outcome(did: Did, outcome: &Outcome) -> String {
    let Outcome { row, changed, why, .. } = outcome;
    let label = &row.label;
    let already = if *changed { "" } else { "already " };
    let state = || state(row, why);
    match did {
        Did::Remove => format!("{label}: removed"),
        Did::Add if !changed => format!("{label}: already added, {}", state()),
        Did::Enable => format!("{label}: {already}enabled, {}", state()),
        Did::Disable => match row.pid {
            Some(pid) => format!("{label}: {already}disabled, pid {pid} goes on until it ends"),
            None => format!("{label}: {already}disabled"),
        },
        Did::Stop if row.state == State::Down => format!("{label}: {already}down"),
        Did::Start | Did::Stop => format!("{label}: {already}{}", state()),
        Did::Add | Did::Restart | Did::Wait => format!("{label}: {}", state()),
    }
}

/// Where a service is: with its process while it has one, else with the reason.
pub(super) fn state(row: &Row, why: &str) -> String {
    let word = row.state.word();
    match (row.state, row.pid) {
        (State::Up, Some(pid)) => format!("{word}, pid {pid}"),
        (_, Some(pid)) if why.is_empty() => format!("{word}, pid {pid}"),
        (_, _) if why.is_empty() || why == word => word.to_owned(),
        (_, _) => format!("{word}, {why}"),
    }
}

#[cfg(test)]
mod tests {
    use protocol::message::Goal;

    use super::*;

    fn made(state: State, pid: Option<u32>, changed: bool, why: &str) -> Outcome {
        let row = Row {
            label: "web".to_owned(),
            pid,
            status: None,
            state,
            goal: Goal::Up,
            restarts: 0,
            since: "2026-01-02T03:04:05Z".to_owned(),
        };
        Outcome { row, changed, why: why.to_owned(), notes: Vec::new() }
    }

    #[test]
    fn each_outcome_is_one_calm_sentence() {
        let up = |changed| made(State::Up, Some(4711), changed, "it was asked for");
        let at_rest = |state, changed, why| made(state, None, changed, why);
        for (did, made, sentence) in [
            (Did::Add, up(true), "web: up, pid 4711"),
            (Did::Add, up(false), "web: already added, up, pid 4711"),
            (
                Did::Add,
                at_rest(State::Failed, true, "exec /srv/web: No such file"),
                "web: failed, exec /srv/web: No such file",
            ),
            (
                Did::Add,
                at_rest(State::Down, true, "its definition starts it only on request"),
                "web: down, its definition starts it only on request",
            ),
            (Did::Start, up(true), "web: up, pid 4711"),
            (Did::Start, up(false), "web: already up, pid 4711"),
            (
                Did::Start,
                at_rest(State::Backoff, true, "exit 1, again in 9 s"),
                "web: backoff, exit 1, again in 9 s",
            ),
            (Did::Start, made(State::Starting, Some(4), true, ""), "web: starting, pid 4"),
            (Did::Stop, at_rest(State::Down, true, "stopped on request"), "web: down"),
            (Did::Stop, at_rest(State::Down, false, "never started"), "web: already down"),
            (
                Did::Stop,
                made(State::Stopping, Some(4711), true, "killed in 20 s at the latest"),
                "web: stopping, killed in 20 s at the latest",
            ),
            (Did::Restart, up(true), "web: up, pid 4711"),
            (Did::Remove, at_rest(State::Down, true, "removed"), "web: removed"),
            (Did::Enable, up(true), "web: enabled, up, pid 4711"),
            (Did::Enable, at_rest(State::Down, false, ""), "web: already enabled, down"),
            (Did::Disable, at_rest(State::Disabled, true, ""), "web: disabled"),
            (Did::Disable, up(true), "web: disabled, pid 4711 goes on until it ends"),
            (Did::Disable, at_rest(State::Disabled, false, ""), "web: already disabled"),
            (Did::Wait, up(false), "web: up, pid 4711"),
        ] {
            assert_eq!(outcome(did, &made), sentence);
        }
    }

    #[test]
    fn a_start_that_ends_in_backoff_is_missed_and_a_stop_is_not() {
        assert!(Did::Start.is_missed_by(State::Backoff));
        assert!(Did::Add.is_missed_by(State::Failed));
        assert!(!Did::Start.is_missed_by(State::Up));
        assert!(!Did::Enable.is_missed_by(State::Failed));
    }
}
