//! Who waits for an answer, and for what.

use crate::action::Answer;
use crate::event::Want;
use crate::service::{Goal, Service, State};

/// Names a request until its one answer; chosen by the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// A request that was begun and is not answered yet.
#[derive(Debug)]
pub(crate) struct Waiter {
    pub(crate) request: RequestId,
    pub(crate) want: Want,
    /// False when the service already was as asked.
    pub(crate) changed: bool,
    was_enabled: bool,
    ended_run: u32,
}

impl Waiter {
    /// Someone who asks something of a service, which is still as it was before.
    pub(crate) fn new(request: RequestId, want: Want, service: &Service) -> Self {
        let (was_enabled, ended_run) = (service.is_enabled(), service.ended_run());
        Self { request, want, changed: true, was_enabled, ended_run }
    }

    /// Nothing was started, since the goal is down (`enable` of a stopped service): it is done.
    pub(crate) fn forgo_start(&mut self, service: &Service) {
        if self.want == Want::Started && service.goal() == Goal::Down {
            self.want = Want::Nothing;
        }
    }

    /// The answer, once the service's state gives one.
    pub(crate) fn verdict(&self, service: &Service) -> Option<Answer> {
        let done = Answer::Done { changed: self.changed };
        match self.want {
            Want::Nothing => Some(done),
            Want::Started => self.started(service, done),
            Want::Up => match service.state() {
                State::Up { .. } => Some(done),
                State::Failed => Some(Answer::Failed),
                State::Down
                | State::Waiting
                | State::Spawning { .. }
                | State::Stopping { .. }
                | State::Clearing { .. }
                | State::Backoff { .. } => service.is_leaving().then_some(Answer::Superseded),
            },
            Want::Stopped if service.state() == State::Down => Some(done),
            Want::Stopped => {
                let taken_up = service.goal() == Goal::Up && !service.is_leaving();
                taken_up.then_some(Answer::Superseded)
            }
            Want::Down => service.state().is_at_rest().then_some(done),
            Want::Ended(number) if number <= service.ended_run() => Some(done),
            Want::Ended(_) => {
                let has_gone = service.is_leaving() && service.state() == State::Down;
                has_gone.then_some(Answer::Superseded)
            }
        }
    }

    fn started(&self, service: &Service, done: Answer) -> Option<Answer> {
        match service.state() {
            State::Up { .. } => Some(done),
            State::Failed => Some(Answer::Failed),
            State::Backoff { .. } => {
                let is_tried = self.ended_run < service.ended_run();
                is_tried.then_some(Answer::Failed)
            }
            State::Down | State::Waiting | State::Stopping { .. } | State::Clearing { .. }
                if service.goal() == Goal::Down || service.is_leaving() =>
            {
                Some(Answer::Superseded)
            }
            State::Down if self.was_enabled && !service.is_enabled() => Some(Answer::Superseded),
            State::Down | State::Waiting => Some(done),
            State::Spawning { .. } | State::Stopping { .. } | State::Clearing { .. } => None,
        }
    }
}
