//! What a service at rest waits for, in words. Pure: facts in, words out.

use protocol::definition::Definition;
use supervisor_core::{Level, Moment, Service};

use super::why::length;

/// What is known beside the service itself.
#[derive(Debug, Clone)]
pub struct Waits<'a> {
    /// Its definition.
    pub definition: &'a Definition,
    /// Now.
    pub now: Moment,
    /// When its next timer is due, as a clock on the wall shows it.
    pub timer: Option<(Moment, String)>,
    /// Where its sockets are.
    pub addresses: Vec<&'a str>,
    /// What was wrong with them when they were tried last.
    pub fault: Option<&'a str>,
    /// How many connections are served now by a process each.
    pub served: usize,
}

/// The sentence for a service that waits.
#[must_use]
pub fn waiting(service: &Service, waits: &Waits<'_>) -> String {
    let rare = &waits.definition.rare;
    let mut all = Vec::new();
    let triggers = service.policy().triggers.as_deref();
    if triggers.is_some_and(|triggers| triggers.after_demand) && service.runs() == 0 {
        all.push("someone to start it (AfterInitialDemand)".to_owned());
    } else {
        all.extend(waits.timer.as_ref().map(|(due, wall)| {
            let name = match (rare.start_interval.is_some(), rare.start_calendar.is_empty()) {
                (true, true) => "StartInterval",
                (false, false) => "StartCalendarInterval",
                (true, false) | (false, true) => "next timer",
            };
            format!("its {name} at {wall}, in {}", length(*due - waits.now))
        }));
        if !rare.watch_paths.is_empty() {
            all.push(format!("a change of {}", list(&rare.watch_paths)));
        }
        if rare.start_on_mount {
            all.push("a file system to be mounted".to_owned());
        }
        all.extend(service.levels().iter().map(level));
    }
    match (waits.addresses.as_slice(), waits.fault) {
        ([], None) if rare.sockets.is_empty() => {}
        ([], None) => all.push("its sockets, which are being opened".to_owned()),
        ([], Some(fault)) => all.push(format!("its sockets ({fault})")),
        (addresses, None) => all.push(format!("a connection to {}", list(addresses))),
        (addresses, Some(fault)) => {
            all.push(format!("a connection to {} ({fault})", list(addresses)));
        }
    }
    let served = match waits.served {
        0 => String::new(),
        1 => "; one connection is served".to_owned(),
        count => format!("; {count} connections are served"),
    };
    match all.as_slice() {
        [] => "waiting for someone to start it".to_owned(),
        all => format!("waiting for {}{served}", all.join(", or for ")),
    }
}

fn list(words: &[impl AsRef<str>]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    words.join(" or ")
}

/// A level in words, as it is while it does not hold.
fn level(level: &Level) -> String {
    match level {
        Level::Path { path, exists: true } => format!("{path} to exist"),
        Level::Path { path, exists: false } => format!("{path} to be gone"),
        Level::Queue(path) => format!("something in {path}"),
        Level::Network(true) => "the network to be up".to_owned(),
        Level::Network(false) => "the network to be down".to_owned(),
        Level::OtherLoaded { label, value: true } => format!("{label} to be loaded"),
        Level::OtherLoaded { label, value: false } => format!("{label} to be removed"),
        Level::OtherActive { label, value: true } => format!("{label} to run"),
        Level::OtherActive { label, value: false } => format!("{label} to be loaded and not run"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};
    use supervisor_core::{Event, Goal, Load, Policy, ServiceId, Supervisor, Want};

    use super::*;

    fn definition(keys: &Value) -> Definition {
        let mut whole = json!({"Label": "web", "ProgramArguments": ["/bin/web"]});
        whole.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        protocol::definition::from_json(&whole).definition.unwrap()
    }

    /// What is said of a service with those keys, loaded and never started.
    fn said_of(keys: &Value, known: impl FnOnce(&mut Waits<'_>)) -> String {
        let definition = definition(keys);
        let load = Load {
            service: ServiceId(1),
            label: "web".into(),
            policy: Policy::of(&definition, |_| None),
            goal: Goal::Up,
            enabled: true,
            past: None,
            seed: 0,
            request: None,
            want: Want::Nothing,
        };
        let (now, mut core) = (Moment::after(Duration::from_secs(60)), Supervisor::default());
        core.handle(now, Event::Load(Box::new(load)), &mut Vec::new());
        let (addresses, timer) = (Vec::new(), None);
        let mut waits =
            Waits { definition: &definition, now, timer, addresses, fault: None, served: 0 };
        known(&mut waits);
        waiting(core.service(ServiceId(1)).unwrap(), &waits)
    }

    #[track_caller]
    fn check(keys: &Value, words: &str) {
        assert_eq!(said_of(keys, |_| {}), words, "{keys}");
    }

    #[test]
    fn without_anything_it_waits_for_someone() {
        check(&json!({}), "waiting for someone to start it");
    }

    #[test]
    fn what_is_awaited_of_the_world_is_named() {
        for (keys, words) in [
            (json!({"WatchPaths": ["/a", "/b"]}), "a change of /a or /b"),
            (json!({"StartOnMount": true}), "a file system to be mounted"),
            (json!({"QueueDirectories": ["/q"]}), "something in /q"),
            (json!({"KeepAlive": {"PathState": {"/p": true}}}), "/p to exist"),
            (json!({"KeepAlive": {"PathState": {"/p": false}}}), "/p to be gone"),
            (json!({"KeepAlive": {"NetworkState": true}}), "the network to be up"),
            (json!({"KeepAlive": {"NetworkState": false}}), "the network to be down"),
            (json!({"KeepAlive": {"OtherJobEnabled": {"db": true}}}), "db to be loaded"),
            (json!({"KeepAlive": {"OtherJobActive": {"db": true}}}), "db to run"),
            (
                json!({"KeepAlive": {"OtherJobActive": {"db": false}}}),
                "db to be loaded and not run",
            ),
        ] {
            check(&keys, &format!("waiting for {words}"));
        }
    }

    #[test]
    fn several_are_joined_by_or() {
        let keys = json!({"WatchPaths": ["/a"], "StartOnMount": true, "QueueDirectories": ["/q"]});
        let words = "a change of /a, or for a file system to be mounted, or for something in /q";
        check(&keys, &format!("waiting for {words}"));
    }

    #[test]
    fn a_timer_is_told_by_its_key_the_clock_and_the_time_left() {
        let interval = json!({"StartInterval": 90});
        let calendar = json!({"StartCalendarInterval": {"Hour": 3}});
        let both = json!({"StartInterval": 90, "StartCalendarInterval": {"Hour": 3}});
        for (keys, name) in [
            (&interval, "StartInterval"),
            (&calendar, "StartCalendarInterval"),
            (&both, "next timer"),
        ] {
            let said = said_of(keys, |waits| {
                waits.timer = Some((waits.now + Duration::from_secs(90), "03:00".to_owned()));
            });
            assert_eq!(said, format!("waiting for its {name} at 03:00, in 1 min 30 s"));
        }
    }

    /// Triggers count only after that, but a connection is a demand.
    #[test]
    fn before_its_initial_demand_it_waits_for_nothing_else() {
        let keys = json!({"WatchPaths": ["/a"], "KeepAlive": {"AfterInitialDemand": true}});
        let demand = "waiting for someone to start it (AfterInitialDemand)";
        check(&keys, demand);
        let said = said_of(&keys, |waits| waits.addresses = vec!["*:80"]);
        assert_eq!(said, format!("{demand}, or for a connection to *:80"));
    }

    #[test]
    fn sockets_are_told_by_address_with_who_is_served() {
        let keys = json!({"Sockets": {"Web": {"SockServiceName": 80}}});
        for (addresses, served, words) in [
            (vec!["*:80"], 0, "a connection to *:80"),
            (
                vec!["*:80", "[::]:80"],
                1,
                "a connection to *:80 or [::]:80; one connection is served",
            ),
            (vec!["*:80"], 2, "a connection to *:80; 2 connections are served"),
            (vec![], 0, "its sockets, which are being opened"),
        ] {
            let said = said_of(&keys, |waits| {
                (waits.addresses, waits.served) = (addresses, served);
            });
            assert_eq!(said, format!("waiting for {words}"));
        }
    }

    #[test]
    fn what_is_wrong_with_sockets_is_told() {
        let keys = json!({"Sockets": {"Web": {"SockServiceName": 80}}});
        for (addresses, words) in
            [(vec!["*:80"], "a connection to *:80 (no)"), (vec![], "its sockets (no)")]
        {
            let said = said_of(&keys, |waits| {
                (waits.addresses, waits.fault) = (addresses, Some("no"));
            });
            assert_eq!(said, format!("waiting for {words}"));
        }
    }
}
