//! Whether anything starts the service by itself on this system. Pure.

use protocol::definition::{Definition, Fault, KeepAlive, Os, Read, Severity, Support, Used};

/// Keys that can start a service.
const STARTERS: [&str; 13] = [
    "RunAtLoad",
    "StartInterval",
    "StartCalendarInterval",
    "WatchPaths",
    "QueueDirectories",
    "StartOnMount",
    "Sockets",
    "KeepAlive.SuccessfulExit",
    "KeepAlive.Crashed",
    "KeepAlive.PathState",
    "KeepAlive.OtherJobEnabled",
    "KeepAlive.OtherJobActive",
    "KeepAlive.NetworkState",
];

/// A finding when nothing does: a warning where the definition seems to say otherwise.
pub(super) fn faults(read: &Read, definition: &Definition, os: Os) -> Option<Fault> {
    let is_always = definition.keep_alive == KeepAlive::Always;
    let is_starter = |used: &&Used| match used.path.as_str() {
        "KeepAlive" | "OnDemand" => is_always,
        "RunAtLoad" => definition.run_at_load,
        "StartOnMount" => definition.rare.start_on_mount,
        path => STARTERS.contains(&path),
    };
    let starters: Vec<&Used> = read.used.iter().filter(is_starter).collect();
    let only_launchd = ["MachServices", "LaunchEvents"]
        .iter()
        .any(|key| definition.rare.launchd_only.contains(key));
    let help = Some(format!("svcctl start {} does", definition.label));
    match starters.as_slice() {
        [] if only_launchd => None,
        [] => {
            let cause = "nothing starts it by itself: no RunAtLoad, no KeepAlive, no other trigger";
            Some(super::fault(read, Severity::Note, "", cause.to_owned(), help))
        }
        given => {
            let acts = |used: &&Used| {
                matches!(used.key.on(os), Support::Honoured | Support::Approximated(_))
            };
            if given.iter().any(acts) {
                return None;
            }
            let cause = match given {
                [_] => format!("is the only reason to start it, and does nothing on {os} yet"),
                [_, ..] => format!("and the other reasons to start it do nothing on {os} yet"),
                [] => return None,
            };
            Some(super::fault(read, Severity::Warning, &given[0].path, cause, help))
        }
    }
}
