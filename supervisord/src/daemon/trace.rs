//! What passes between the loop and the core, told to those who debug: at level debug of all
//! services, and always of one whose definition says `Debug`.

use std::fmt::Display;

use log::Level;
use supervisor_core::{Action, Event, Moment, ServiceId};

use super::Daemon;

impl Daemon {
    /// Lets the core decide about an event; what is to be done is left in `actions`.
    pub(crate) fn consult(&mut self, now: Moment, event: Event) {
        if let Some(service) = event.service() {
            self.trace(service, || format!("{event:?}"));
        }
        self.supervisor.handle(now, event, &mut self.actions);
    }

    pub(super) fn trace_action(&self, action: Action) {
        if let Some(service) = action.service() {
            self.trace(service, || format!("-> {action:?}"));
        }
    }

    /// Tells what concerns a service, if anybody wants to know that much.
    pub(super) fn trace<T: Display>(&self, service: ServiceId, words: impl FnOnce() -> T) {
        let level = self.level(service, Level::Debug);
        if self.is_traced(service)
            && let Some(entry) = self.registry.get(service)
        {
            log::log!(level, "{}: {}", entry.label, words());
        }
    }

    /// Somebody wants to know.
    pub(super) fn is_traced(&self, service: ServiceId) -> bool {
        log::log_enabled!(self.level(service, Level::Debug))
    }

    /// The level at which something of a service is told that others tell at that one.
    pub(super) fn level(&self, service: ServiceId, usual: Level) -> Level {
        let entry = self.registry.get(service);
        let is_debugged = entry.is_some_and(|entry| entry.definition.rare.debug);
        if is_debugged { usual.min(Level::Info) } else { usual }
    }
}
