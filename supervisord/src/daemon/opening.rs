//! Definitions on their way in wait here until their sockets are open; one whose sockets can't be
//! opened does not come in.

use std::sync::Arc;

use protocol::definition::{self, Definition};
use protocol::message::Reason;
use supervisor_core::{Event, RequestId, Run, Service, ServiceId, State, Want};
use tokio::task;

use super::{Arrival, Daemon, Internal, Then};
use crate::registry::Entry;
use crate::sockets::{self, Opened, Unopened};
use crate::store::folder::{Found, Taken};
use crate::store::goals::Intent;

/// What is to be done with a definition once its sockets are open.
#[derive(Debug)]
pub(crate) enum Opening {
    /// It is written, and then comes in, in the place of another one or not.
    Write {
        /// The definition, and who waits.
        arrival: Box<Arrival>,
        /// What is written.
        text: String,
        /// The service whose definition it replaces.
        known: Option<ServiceId>,
    },
    /// A service begins.
    TakeIn {
        /// The service.
        entry: Box<Entry>,
        /// What was asked of it.
        intent: Intent,
        /// Who waits, and for what.
        waiting: (Option<RequestId>, Want),
    },
    /// A service gets another definition.
    Replace {
        /// The service.
        service: ServiceId,
        /// The definition.
        taken: Box<Taken>,
        /// Who waits, and for what.
        waiting: (RequestId, Want),
    },
    /// A service that was taken over without its sockets gets them.
    Reopen {
        /// The service.
        service: ServiceId,
        /// Its definition.
        definition: Box<Definition>,
    },
}

impl Opening {
    fn definition(&self) -> &Definition {
        match self {
            Self::Write { arrival, .. } => &arrival.definition,
            Self::TakeIn { entry, .. } => &entry.definition,
            Self::Replace { taken, .. } => &taken.definition,
            Self::Reopen { definition, .. } => definition,
        }
    }

    fn replaces(&self) -> Option<ServiceId> {
        match self {
            Self::Write { known, .. } => *known,
            Self::TakeIn { .. } | Self::Reopen { .. } => None,
            Self::Replace { service, .. } => Some(*service),
        }
    }
}

impl Daemon {
    /// Takes in what the services folder held when the daemon began.
    pub(super) fn load(&mut self, found: Found) {
        let is_complete = found.rejected.is_empty();
        for file in &found.rejected {
            for fault in &file.faults {
                log::error!("cannot load {}: {fault}", file.file);
            }
        }
        for skipped in found.skipped.values() {
            log::info!("{}: not loaded: {}", skipped.label, skipped.why);
        }
        self.supervisor.expect(found.definitions.keys().map(|label| label.as_str().into()));
        for (label, taken) in found.definitions {
            let intent = self.dormant.remove(&label).unwrap_or_default();
            let entry = Entry {
                label: label.into(),
                definition: Arc::new(taken.definition),
                notes: taken.notes,
                file: taken.file,
                enabled: intent.enabled,
            };
            let waiting = (None, Want::Nothing);
            self.open(Opening::TakeIn { entry: Box::new(entry), intent, waiting });
        }
        self.resume_instances();
        self.see_to_orphans(is_complete);
    }

    /// Opens the sockets of a definition and goes on with it, at once where no name has to be
    /// looked up, else later. The caller performs.
    pub(crate) fn open(&mut self, opening: Opening) {
        let definition = opening.definition();
        let before = self.sockets.known_to(opening.replaces());
        if sockets::is_quick(definition) {
            let result = sockets::open(definition, &before, &self.paths.run);
            return self.opened(result, opening);
        }
        if let Opening::TakeIn { entry, .. } = &opening
            && self.was_alive(&entry.label)
        {
            // What it left must not be alone for as long as a name server takes.
            return self.go_on(opening);
        }
        let label = definition.label.clone();
        self.pending.incoming.entry(label).or_default();
        let (run, internal) = (self.paths.run.clone(), self.internal.clone());
        task::spawn_blocking(move || {
            let result = sockets::open(opening.definition(), &before, &run);
            // The loop may have ended meanwhile.
            let _ = internal.send(Internal::Opened { result, opening });
        });
    }

    /// The sockets that had to be waited for are open, or are not.
    pub(crate) fn opened_late(&mut self, result: Result<Opened, Unopened>, opening: Opening) {
        let label = opening.definition().label.clone();
        let is_over = !matches!(opening, Opening::Write { .. });
        self.opened(result, opening);
        self.perform();
        if is_over {
            self.next_arrival(&label);
        }
    }

    fn opened(&mut self, result: Result<Opened, Unopened>, opening: Opening) {
        match result {
            Ok(opened) => {
                let label = opening.definition().label.clone();
                if !opened.is_empty() {
                    self.sockets.keep(&label, opened);
                }
                self.go_on(opening);
            }
            Err(cause) => self.not_opened(&cause, opening),
        }
    }

    fn go_on(&mut self, opening: Opening) {
        match opening {
            Opening::Write { arrival, text, known } => {
                self.writes += 1;
                let job = self.disk.replace(arrival.file.clone(), text.into_bytes());
                let then = match known {
                    Some(id) => Then::Replace(id, arrival),
                    None => Then::TakeIn(arrival),
                };
                self.pending.jobs.insert(job, then);
            }
            Opening::TakeIn { entry, intent, waiting } => {
                let now = self.clock.now();
                self.take_in(*entry, intent, waiting, now);
            }
            Opening::Reopen { service, definition } => {
                if !self.sockets.is_open(service, &definition) {
                    self.sockets.set(service, &definition);
                } else {
                    self.sockets.let_go(&definition.label);
                }
                self.reopened(service, Ok(()));
            }
            Opening::Replace { service, taken, waiting } => {
                if let Some(entry) = self.registry.get_mut(service) {
                    entry.file = taken.file;
                }
                self.replace(service, (taken.definition, taken.notes), waiting);
            }
        }
    }

    fn not_opened(&mut self, unopened: &Unopened, opening: Opening) {
        let cause = &unopened.cause;
        match opening {
            Opening::Write { arrival, .. } => {
                self.refuse(arrival.request, Reason::Failed, cause);
                self.next_arrival(&arrival.definition.label);
            }
            Opening::TakeIn { entry, intent, waiting } if self.was_alive(&entry.label) => {
                // Its process has them, and must not be left alone for that.
                log::warn!("{}: {cause}; opened again when it has ended", entry.label);
                let now = self.clock.now();
                self.take_in(*entry, intent, waiting, now);
            }
            Opening::TakeIn { entry, intent, waiting: (request, _) } => {
                log::error!("cannot load {}: {cause}", entry.file.display());
                self.dormant.insert(entry.label.to_string(), intent);
                if let Some(request) = request {
                    self.pending.reject(request, &entry.label, (&entry.file, cause));
                }
            }
            Opening::Reopen { service, .. } => {
                self.reopened(service, Err(unopened));
            }
            Opening::Replace { taken, waiting: (request, _), .. } => {
                log::error!("cannot load {}: {cause}", taken.file.display());
                let label = &taken.definition.label;
                self.pending.reject(request, label, (&taken.file, cause));
            }
        }
    }

    /// Opens what an earlier run had and this daemon has not; false when that is under way.
    pub(super) fn reopen(&mut self, service: ServiceId) -> Result<bool, Unopened> {
        let Some(entry) = self.registry.get(service) else { return Ok(true) };
        if self.sockets.is_open(service, &entry.definition) {
            return Ok(true);
        }
        if !sockets::is_quick(&entry.definition) {
            if self.sockets.begin_reopening(service) {
                let definition = Box::new(Definition::clone(&entry.definition));
                self.open(Opening::Reopen { service, definition });
            }
            return Ok(false);
        }
        let opened = sockets::open(&entry.definition, &[], &self.paths.run)?;
        self.sockets.keep(&entry.label, opened);
        self.sockets.set(service, &entry.definition);
        Ok(true)
    }

    /// The sockets of a service are open again, or can't be; the run that waits for them goes on.
    fn reopened(&mut self, service: ServiceId, result: Result<(), &Unopened>) {
        let waiting = self.sockets.end_reopening(service);
        let state = self.supervisor.service(service).map(Service::state);
        match (waiting.filter(|run| state.and_then(State::run) == Some(*run)), result) {
            (Some(run), Ok(())) => self.spawn(run),
            (Some(run), Err(unopened)) => self.not_reopened(run, unopened.clone()),
            (None, Ok(())) => self.attend(service),
            (None, Err(unopened)) => self.rest(service, &unopened.cause),
        }
    }

    /// A run can't begin without its sockets.
    pub(super) fn not_reopened(&mut self, run: Run, unopened: Unopened) {
        let Unopened { cause, is_passing } = unopened;
        let news = Event::SpawnFailed { run, cause: cause.into(), is_passing };
        self.consult(self.clock.now(), news);
    }
}

/// The definition of an instance: the same program for one connection, and nothing to start it.
pub(super) fn instance(definition: &Definition, label: &str) -> Definition {
    let mut instance = definition.clone();
    instance.label = label.to_owned();
    instance.run_at_load = true;
    instance.disabled = false;
    instance.keep_alive = definition::KeepAlive::Never;
    instance.throttle_interval = std::time::Duration::ZERO;
    let rare = &mut *instance.rare;
    if !rare.supervisor.is_unset() {
        (rare.supervisor.restart, rare.supervisor.backoff) = (None, None);
        rare.supervisor.start_limit = None;
    }
    rare.sockets = Vec::new();
    rare.inetd = None;
    rare.start_interval = None;
    rare.start_calendar = Vec::new();
    rare.watch_paths = Vec::new();
    rare.queue_directories = Vec::new();
    rare.start_on_mount = false;
    rare.launch_only_once = false;
    rare.abandon_process_group = true;
    instance
}
