//! start, stop, restart, remove, enable, disable, apply, shutdown.

use serde_json::{Value, json};

use crate::fake::{Fake, Reply, answer, label, outcome, ran, refusal};

#[test]
fn a_change_waits_and_says_its_outcome() {
    let daemon = Fake::answering(outcome("web", "up", Some(4711), ""));
    assert_eq!(daemon.svcctl(&["start", "web"]), ran(0, "web: up, pid 4711\n", ""));
    assert_eq!(daemon.svcctl(&["restart", "web", "--no-wait"]).stdout, "web: up, pid 4711\n");
    assert_eq!(daemon.svcctl(&["stop", "web", "--timeout", "5"]).stdout, "web: up, pid 4711\n");
    assert_eq!(daemon.svcctl(&["remove", "web"]).stdout, "web: removed\n");
    assert_eq!(daemon.svcctl(&["enable", "web"]).stdout, "web: enabled, up, pid 4711\n");
    assert_eq!(
        daemon.svcctl(&["disable", "web"]).stdout,
        "web: disabled, pid 4711 goes on until it ends\n"
    );
    let asked = |method: &str, params| (method.to_owned(), params);
    assert_eq!(
        daemon.asked(),
        [
            asked("start", json!({ "label": "web" })),
            asked("restart", json!({ "label": "web", "wait": false })),
            asked("stop", json!({ "label": "web", "timeout_ms": 5000 })),
            asked("remove", json!({ "label": "web" })),
            asked("enable", json!({ "label": "web" })),
            asked("disable", json!({ "label": "web" })),
        ]
    );
}

#[test]
fn launchctls_words_are_understood() {
    let daemon = Fake::answering(outcome("web", "up", Some(1), ""));
    for words in [
        ["kickstart", "system/web"].as_slice(),
        &["kickstart", "-kp", "gui/501/web"],
        &["bootout", "user/501/web"],
        &["unload", "-w", "web"],
    ] {
        assert_eq!(daemon.svcctl(words).code, Some(0), "{words:?}");
    }
    let methods: Vec<_> = daemon.asked().into_iter().map(|(method, _)| method).collect();
    assert_eq!(methods, ["start", "restart", "remove", "remove"]);
}

#[test]
fn a_start_in_vain_is_a_failure_and_no_error() {
    let daemon = Fake::answering(outcome("web", "backoff", None, "exit 1, again in 9 s"));
    assert_eq!(
        daemon.svcctl(&["start", "web"]),
        ran(1, "web: backoff, exit 1, again in 9 s\n", "")
    );
    assert_eq!(daemon.svcctl(&["start", "web", "--no-wait"]).code, Some(0));
    assert_eq!(daemon.svcctl(&["enable", "web"]).code, Some(0));
}

/// Answers only when three requests are there, the last one first.
fn answering_backwards() -> Fake {
    let mut held = Vec::new();
    Fake::daemon(move |request| {
        held.insert(
            0,
            match label(request) {
                "gone" => refusal(request, "no_such_service", "cannot stop gone: there is none"),
                name => answer(request, &outcome(name, "down", None, "")),
            },
        );
        Reply::Lines(if held.len() == 3 { std::mem::take(&mut held) } else { Vec::new() })
    })
}

#[test]
fn several_are_asked_at_once_and_shown_in_order() {
    assert_eq!(
        answering_backwards().svcctl(&["stop", "a", "gone", "c"]),
        ran(4, "a: down\nc: down\n", "cannot stop gone: there is none\n")
    );
    let json = answering_backwards().svcctl(&["stop", "--json", "a", "b", "c"]);
    let outcomes: Vec<Value> = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(outcomes.iter().map(|o| &o["label"]).collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn very_many_are_asked_in_bounded_portions() {
    let daemon = Fake::daemon(|request| {
        Reply::Lines(vec![answer(request, &outcome(label(request), "down", None, ""))])
    });
    let labels: Vec<String> = (0..500).map(|number| format!("s{number}")).collect();
    let words: Vec<&str> = ["stop"].into_iter().chain(labels.iter().map(String::as_str)).collect();
    let expected: String = labels.iter().map(|label| format!("{label}: down\n")).collect();
    assert_eq!(daemon.svcctl(&words), ran(0, &expected, ""));
}

#[test]
fn notes_stand_beside_the_outcome() {
    let mut noted = outcome("web", "up", Some(1), "");
    noted["notes"] = json!(["HardResourceLimits is not yet honoured"]);
    assert_eq!(
        Fake::answering(noted).svcctl(&["enable", "web"]),
        ran(0, "web: enabled, up, pid 1\n", "web: note: HardResourceLimits is not yet honoured\n")
    );
}

#[test]
fn apply_shows_its_plan_and_what_it_could_not_take() {
    let daemon = Fake::answering(json!({
        "steps": [
            { "label": "api", "step": "add", "why": "its file is new" },
            { "label": "web", "step": "restart", "why": "ProgramArguments changed" },
        ],
        "rejected": [{ "file": "/s/bad.plist", "faults": ["line 3: Label is empty"] }],
    }));
    assert_eq!(
        daemon.svcctl(&["apply", "--dry-run"]),
        ran(
            1,
            "api: would add, its file is new\nweb: would restart, ProgramArguments changed\n",
            "cannot read /s/bad.plist: line 3: Label is empty\n"
        )
    );
    assert_eq!(daemon.asked(), [("apply".to_owned(), json!({ "dry_run": true }))]);
    assert_eq!(
        Fake::answering(json!({ "steps": [] })).svcctl(&["apply"]).stdout,
        "nothing changed\n"
    );
}

#[test]
fn shutdown_returns_when_the_daemon_is_gone() {
    let ending = |result: Value| {
        Fake::daemon(move |request| Reply::HangUp(format!("{}\n", answer(request, &result))))
    };
    assert_eq!(
        ending(json!({ "services": 12 })).svcctl(&["shutdown"]),
        ran(0, "supervisord: stopped, 12 services ended\n", "")
    );
    assert_eq!(ending(json!({})).svcctl(&["shutdown"]), ran(0, "supervisord: stopped\n", ""));
}
