//! What start, stop, restart, remove, enable and disable have in common: all but the method.

use std::time::Duration;

use protocol::message::{Call, Change, Reason, Refusal};

use super::report::Report;
use super::task;
use crate::arguments::{Labels, Waiting, milliseconds};
use crate::client::{Again, Client, PATIENCE};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;
use crate::show::Did;

/// Asks for the change of each service over one connection and says each outcome, in order.
pub(super) fn each(
    (place, output): (&Place, &mut Output),
    (did, method): (Did, fn(Change) -> Call),
    Labels { labels }: &Labels,
    waiting: &Waiting,
) -> Result<Exit, Error> {
    let task = task(did.word(), labels);
    let mut client = Client::connect(place, task.as_str())?;
    client.be_patient(patience(waiting));
    let mut report = Report::begin(output, &task, labels.len());
    let calls = labels.iter().map(|label| {
        method(Change {
            label: label.clone(),
            wait: !waiting.no_wait,
            timeout_ms: milliseconds(waiting.timeout),
            reason: waiting.reason.clone(),
        })
    });
    let mut labels = labels.iter();
    client.ask_all(calls, |answer, again| {
        let label = labels.next().map_or("", String::as_str);
        match answer {
            // The daemon that hung up had done it.
            Err(Refusal { reason: Reason::NoSuchService, .. })
                if (did, again) == (Did::Remove, Again(true)) =>
            {
                report.take_removed(label)
            }
            answer => report.take_outcome(did, !waiting.no_wait, answer),
        }
    })?;
    report.end()
}

/// How much later than asked a daemon that lives may say that the time is up.
const GRACE: Duration = Duration::from_secs(2);

/// How long the daemon may be silent; one that hangs must not take the time limit with it.
pub(super) fn patience(waiting: &Waiting) -> Option<Duration> {
    match waiting {
        Waiting { no_wait: true, .. } => Some(PATIENCE),
        Waiting { timeout, .. } => timeout.map(|timeout| timeout.saturating_add(GRACE)),
    }
}
