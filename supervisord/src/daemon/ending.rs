//! The daemon's own end: who waits for it, what it waits for in turn, and what is left behind.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::message::{Ended, Waiting, WaitingFor};
use supervisor_core::{Event, Moment, Service};
use tokio::sync::oneshot;

use super::Daemon;
use crate::control::reply::Reply;
use crate::control::why;
use crate::lines;
use crate::store::record::Record;
use crate::store::runs::Pasts;

/// What a shutdown waits for is told after so long.
const FIRST: Duration = Duration::from_secs(1);

/// From then on again and again after so long.
const AGAIN: Duration = Duration::from_secs(10);

/// So many services are named.
const NAMES_MAX: usize = 20;

/// Clients get so long to take what they are told last.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A shutdown, from the side of those who wait for it.
#[derive(Debug)]
pub(crate) struct Ending {
    /// How long it may take where nobody says so.
    patience: Option<Duration>,
    /// Who asked, and whether what they were told last is on its way to them.
    replies: Vec<(Reply, Option<oneshot::Receiver<()>>)>,
    /// When it is told what it waits for.
    pub(super) due: Option<Moment>,
}

impl Ending {
    /// None yet.
    pub(super) fn new(patience: Option<Duration>) -> Self {
        Self { patience, replies: Vec::new(), due: None }
    }
}

impl Daemon {
    /// Ends all services and then the daemon.
    pub(crate) fn shut_down(&mut self, asked: Option<(Reply, Option<Duration>)>) {
        let patience = asked.as_ref().and_then(|(_, patience)| *patience);
        self.ending.replies.extend(asked.map(|(reply, _)| (reply, None)));
        if !self.supervisor.is_shutting_down() {
            self.ending.due = Some(self.clock.now() + FIRST);
        }
        // Only who says so hurries one on that is under way.
        let usual = self.ending.patience.filter(|_| !self.supervisor.is_shutting_down());
        self.processes.leave();
        self.handle(Event::Shutdown(patience.or(usual)));
    }

    /// Tells what the shutdown waits for, to the log and to those who asked for it.
    pub(super) fn tell_lingering(&mut self) {
        let now = self.clock.now();
        if self.ending.due.is_none_or(|due| now < due) {
            return;
        }
        self.ending.due = Some(now + AGAIN);
        let mut lingering = self.supervisor.lingering().map(|(_, service)| service);
        let tell = |service: &Service| WaitingFor {
            label: service.label().to_string(),
            why: why::why(service, now),
        };
        let services: Vec<WaitingFor> = lingering.by_ref().take(NAMES_MAX).map(tell).collect();
        let more = lingering.count();
        let names = services.iter().map(|one| format!("{} ({})", one.label, one.why));
        let names: Vec<String> = names.collect();
        let others = if more == 0 { String::new() } else { format!(", and {more} more") };
        log::info!("waiting for {}{others}", names.join(", "));
        for (reply, told) in &mut self.ending.replies {
            // Who has not read what was told before is not told more.
            let is_read = told.as_mut().is_none_or(|told| {
                !matches!(told.try_recv(), Err(oneshot::error::TryRecvError::Empty))
            });
            if is_read {
                let (request, services) = (reply.id().clone(), services.clone());
                *told = Some(reply.begin_notify("waiting", Waiting { request, services, more }));
            }
        }
    }

    /// The very end; false when services are left that could not be ended.
    pub(super) async fn put_away(mut self: Box<Self>) -> bool {
        let left = self.left();
        for (id, entry) in self.registry.entries() {
            if !left.contains_key(&*entry.label) {
                self.processes.forget(id);
            }
        }
        for label in left.keys() {
            log::error!("cannot end {label}: it outlived being killed, and is left");
        }
        self.logs.flush().await;
        let services = self.registry.len();
        for (reply, _) in std::mem::take(&mut self.ending.replies) {
            let left = left.keys().cloned().collect();
            let delivery = reply.deliver(Ok(Ended { services, left }));
            // A client that does not read must not keep the daemon from ending.
            let _ = tokio::time::timeout(LAST_WORDS, delivery).await;
        }
        crate::control::listen::unlink(&self.paths.socket());
        let is_all = left.is_empty();
        self.pasts.extend(left);
        self.runs.close(&self.pasts);
        let followed = self.chronicle.journal.close();
        let _ = tokio::time::timeout(LAST_WORDS, followed).await;
        log::info!("ended");
        lines::let_go();
        drop(self.lock);
        is_all
    }

    /// What a next daemon has to know of services that could not be ended.
    fn left(&self) -> BTreeMap<String, Record> {
        let lingering = self.supervisor.lingering();
        let left = lingering.map(|(id, service)| {
            (service.label().to_string(), self.record(id, service).unwrap_or_default())
        });
        left.collect::<Pasts>()
    }
}
