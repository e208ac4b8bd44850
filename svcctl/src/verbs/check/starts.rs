//! Whether anything starts the service by itself on this system. Pure.

use protocol::definition::{
    Definition, Fault, KeepAlive, Os, Read, RestartOn, Severity, Support, Used,
};

/// Keys that can start a service.
const STARTERS: [&str; 11] = [
    "RunAtLoad",
    "StartInterval",
    "StartCalendarInterval",
    "WatchPaths",
    "QueueDirectories",
    "StartOnMount",
    "Sockets",
    "KeepAlive.PathState",
    "KeepAlive.OtherJobEnabled",
    "KeepAlive.OtherJobActive",
    "KeepAlive.NetworkState",
];

/// A finding when nothing does: a warning where the definition seems to say otherwise.
pub(super) fn faults(read: &Read, definition: &Definition, os: Os) -> Option<Fault> {
    let restart = definition.restart();
    let is_always = restart.is_none() && definition.keep_alive == KeepAlive::Always;
    let is_starter = |used: &&Used| match used.path.as_str() {
        "KeepAlive" | "OnDemand" => is_always,
        "KeepAlive.SuccessfulExit" | "KeepAlive.Crashed" => restart.is_none(),
        "Supervisor.Restart" => restart.is_some_and(|restart| restart.on != RestartOn::Never),
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
            let (first, others) = given.split_first()?;
            let cause = match others.len() {
                0 => format!("is the only reason to start it, and has no effect on {os}"),
                1 => format!(
                    "and {} alone could start it, and have no effect on {os}",
                    others[0].path
                ),
                _ => format!(
                    "and {} others alone could start it, and have no effect on {os}",
                    others.len()
                ),
            };
            Some(super::fault(read, Severity::Warning, &first.path, cause, help))
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::definition::from_json;
    use serde_json::{Value, json};

    use super::*;

    fn found(keys: Value) -> Option<String> {
        let mut definition = json!({ "Label": "web", "Program": "/bin/web" });
        definition.as_object_mut()?.extend(keys.as_object()?.clone());
        let read = from_json(&definition);
        faults(&read, read.definition.as_ref()?, Os::Windows).map(|fault| fault.to_string())
    }

    #[test]
    fn a_start_that_never_comes_on_that_system_is_a_warning() {
        assert_eq!(
            found(json!({ "StartOnMount": true })).as_deref(),
            Some(
                "StartOnMount is the only reason to start it, and has no effect on windows; \
                 svcctl start web does"
            )
        );
        assert_eq!(found(json!({ "MachServices": { "web": true } })), None);
        for nothing in [json!({}), json!({ "KeepAlive": false, "RunAtLoad": false })] {
            let note = found(nothing).unwrap();
            assert!(note.starts_with("nothing starts it by itself: "), "{note}");
        }
    }
}
