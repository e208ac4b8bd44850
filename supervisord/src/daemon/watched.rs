//! Between what is watched and the core: news become events, and levels are told before they count.

use supervisor_core::{Change, Event, Moment, RequestId, ServiceId, Triggers, Want};

use super::Daemon;
use crate::watch::Watched;

/// The levels of a service that hold as it gets its definition, and who waits for what comes of it.
#[derive(Debug)]
pub(crate) struct Held {
    levels: Vec<u16>,
    request: Option<RequestId>,
    want: Want,
}

impl Daemon {
    /// Watches what a service's definition asks for. Where a level holds already, the answer has to
    /// wait until that was told, so the request is kept for [`Daemon::tell_held`].
    pub(crate) fn watch(
        &mut self,
        id: ServiceId,
        triggers: Option<&Triggers>,
        (request, want): (&mut Option<RequestId>, Want),
        now: Moment,
    ) -> Held {
        let Some(entry) = self.registry.get(id) else {
            return Held { levels: Vec::new(), request: None, want };
        };
        let had_wall = self.watches.has_wall();
        let levels = self.watches.set(id, &entry.definition, triggers);
        if self.watches.has_wall() && !had_wall {
            self.consult(now, Event::Wall(self.clock.setting()));
        }
        let request = if levels.is_empty() { None } else { request.take() };
        Held { levels, request, want }
    }

    /// Tells the levels that hold; who asked waits for what they start.
    pub(crate) fn tell_held(&mut self, service: ServiceId, held: Held, now: Moment) {
        for level in held.levels {
            let event = Event::Level { service, level, holds: true };
            self.consult(now, event);
        }
        if let Some(request) = held.request {
            let (change, want) = (Change::Await, held.want);
            let event = Event::Ask { service, change, request: Some(request), want };
            self.consult(now, event);
        }
    }

    /// Tells how the levels of a service stand now, before something that is judged by them.
    pub(crate) fn refresh(&mut self, service: ServiceId) {
        let now = self.clock.now();
        for (level, holds) in self.watches.levels(service) {
            let event = Event::Level { service, level, holds };
            self.consult(now, event);
        }
    }

    pub(super) fn watched(&mut self, news: Vec<Watched>) {
        for one in news {
            let event = match one {
                Watched::Trigger(service, cause) => Event::Trigger { service, cause },
                Watched::Level(service, level, holds) => Event::Level { service, level, holds },
                Watched::Wall => Event::Wall(self.clock.setting()),
            };
            self.handle(event);
        }
    }
}
