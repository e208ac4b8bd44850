//! What the service manager is told of the daemon: that it is ready, reloads, stops, how its
//! services are, and that its loop still turns. Costs nothing where nobody asked for it.

use std::time::Duration;

use protocol::message::State;
use supervisor_core::{Moment, Service};

use super::Daemon;
use crate::control::answer;
use crate::os::Notifier;

/// The status is told so often at most.
const STATUS_PAUSE: Duration = Duration::from_secs(1);

/// What stopping may take beyond what definitions allow.
const STOP_MARGIN: Duration = Duration::from_secs(30);

/// In this order they are counted.
const STATES: [State; 8] = [
    State::Up,
    State::Starting,
    State::Stopping,
    State::Backoff,
    State::Failed,
    State::Waiting,
    State::Down,
    State::Disabled,
];

/// The daemon's voice; silent without a service manager that listens.
#[derive(Debug, Default)]
pub(crate) struct Herald {
    notifier: Option<Notifier>,
    /// How often the loop has to prove that it turns.
    watchdog: Option<Duration>,
    watchdog_due: Option<Moment>,
    /// When the status, which may have changed, is told.
    status_due: Option<Moment>,
    status_last: Option<Moment>,
    status: String,
}

impl Herald {
    /// With the service manager that the environment names.
    pub(super) fn find() -> Self {
        let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
        let is_meant =
            number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let limit = number("WATCHDOG_USEC").filter(|limit| is_meant && 0 < *limit);
        let watchdog = limit.map(|limit| Duration::from_micros(limit / 2));
        Self { notifier: Notifier::find(), watchdog, ..Self::default() }
    }

    /// Something that is told may have changed.
    pub(crate) fn touch(&mut self, now: Moment) {
        if self.notifier.is_some() && self.status_due.is_none() {
            self.status_due =
                Some(self.status_last.map_or(now, |last| now.max(last + STATUS_PAUSE)));
        }
    }

    /// When it has to speak next.
    pub(super) fn deadline(&self) -> Option<Moment> {
        self.watchdog_due.into_iter().chain(self.status_due).min()
    }

    /// Speaks, for as long as it takes, and never returns while there is nothing to say; may be
    /// dropped and called again.
    pub(super) async fn speak(&mut self) {
        match &mut self.notifier {
            Some(notifier) => notifier.send().await,
            None => std::future::pending().await,
        }
    }

    fn tell(&mut self, text: impl Into<String>) {
        if let Some(notifier) = &mut self.notifier {
            notifier.tell(text.into());
        }
    }
}

impl Daemon {
    /// The daemon can be talked to: after its start, and after a reload.
    pub(crate) fn tell_ready(&mut self) {
        let now = self.clock.now();
        self.herald.tell(format!("READY=1\nMAINPID={}", std::process::id()));
        self.herald.watchdog_due =
            self.herald.watchdog.filter(|_| self.herald.notifier.is_some()).map(|_| now);
        self.herald.touch(now);
    }

    /// The services folder is being read anew.
    pub(super) fn tell_reloading(&mut self) {
        if let Some(notifier) = &mut self.herald.notifier {
            notifier.tell_reloading();
        }
    }

    /// Once in every turn: what is due is told.
    pub(super) fn tell_what_is_due(&mut self) {
        let Some(due) = self.herald.deadline() else { return };
        let now = self.clock.now();
        if now < due {
            return;
        }
        if self.herald.watchdog_due.is_some_and(|due| due <= now) {
            self.herald.tell("WATCHDOG=1");
            self.herald.watchdog_due = self.herald.watchdog.map(|pause| now + pause);
        }
        if self.herald.status_due.is_some_and(|due| due <= now) {
            (self.herald.status_due, self.herald.status_last) = (None, Some(now));
            self.tell_status(now);
        }
    }

    fn tell_status(&mut self, now: Moment) {
        let mut text = summary(self.supervisor.services().map(|(_, service)| service));
        if self.supervisor.is_shutting_down() {
            // Each change earns what the next one may take, so that only a daemon that is stuck is
            // killed, however long its services may take.
            let next = self.supervisor.deadline().map_or(Duration::ZERO, |next| next - now);
            let patience = (next + STOP_MARGIN).as_micros();
            text = format!("{text}\nSTOPPING=1\nEXTEND_TIMEOUT_USEC={patience}");
        }
        if text != self.herald.status {
            self.herald.tell(format!("STATUS={text}"));
            self.herald.status = text;
        }
    }
}

/// How services are, in a line: `3 services: 2 up, 1 backoff`.
fn summary<'a>(services: impl Iterator<Item = &'a Service>) -> String {
    let mut counts = [0_usize; STATES.len()];
    for service in services {
        let state = answer::state(service);
        if let Some(at) = STATES.iter().position(|known| *known == state) {
            counts[at] += 1;
        }
    }
    let all: usize = counts.iter().sum();
    let counted = STATES.iter().zip(counts).filter(|(_, count)| *count != 0);
    let parts: Vec<String> =
        counted.map(|(state, count)| format!("{count} {}", state.word())).collect();
    match all {
        0 => "no services".to_owned(),
        1 => format!("1 service: {}", parts.concat()),
        _ => format!("{all} services: {}", parts.join(", ")),
    }
}
