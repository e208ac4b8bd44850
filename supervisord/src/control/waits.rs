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
    if !waits.addresses.is_empty() {
        all.push(format!("a connection to {}", list(&waits.addresses)));
    } else if !rare.sockets.is_empty() {
        all.push("its sockets, which could not be opened".to_owned());
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
