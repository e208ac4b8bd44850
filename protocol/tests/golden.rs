//! Every message ever released still parses and prints the same.
//!
//! `golden/*.jsonl` only grow: one line a message, as it goes over the wire. A file is named for
//! the type its results have.
#![expect(clippy::unwrap_used, reason = "a golden line that cannot be read is the failure")]

use std::fs;
use std::path::{Path, PathBuf};

use protocol::message::{
    Brief, Ended, EventNews, EventsEnd, Hello, Id, Incoming, LogText, Notification, Outcome, Page,
    Plan, Pong, Response, Status, Waiting, decode_incoming, decode_request, decode_result,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn lines(file: &str) -> Vec<String> {
    let text = fs::read_to_string(folder().join(file)).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert!(!lines.is_empty(), "{file} is empty");
    lines
}

fn printed(line: Vec<u8>) -> String {
    String::from_utf8(line).unwrap().trim_end().to_owned()
}

/// Each line of the file is a response with a result of that type.
#[track_caller]
fn results_stay<R: Serialize + DeserializeOwned>(file: &str) {
    for line in lines(file) {
        let Incoming::Response(response) = decode_incoming(line.as_bytes()).unwrap() else {
            panic!("{file}: not a response: {line}");
        };
        let outcome = response.outcome.map(|json| serde_json::from_str::<R>(json.get()).unwrap());
        assert_eq!(printed(Response { id: response.id, outcome }.line()), line, "{file}");
    }
}

#[test]
fn requests_stay() {
    for line in lines("requests.jsonl") {
        let request = decode_request(line.as_bytes()).unwrap();
        assert_eq!(printed(request.line()), line);
    }
}

#[test]
fn requests_written_by_hand_mean_what_they_meant() {
    let lines = lines("requests_by_hand.jsonl");
    for pair in lines.chunks(2) {
        let request = decode_request(pair[0].as_bytes()).unwrap();
        assert_eq!(printed(request.line()), pair[1], "{}", pair[0]);
    }
}

#[test]
fn requests_that_are_none_are_refused_in_the_same_words() {
    let lines = lines("refused.jsonl");
    for pair in lines.chunks(2) {
        let refusal = decode_request(pair[0].as_bytes()).unwrap_err();
        assert_eq!(printed(refusal.line()), pair[1], "{}", pair[0]);
    }
}

#[test]
fn refusals_stay() {
    results_stay::<()>("refusals.jsonl");
}

#[test]
fn results_stay_as_they_are() {
    results_stay::<Hello>("hello.jsonl");
    results_stay::<Pong>("pong.jsonl");
    results_stay::<Page>("page.jsonl");
    results_stay::<Page<Brief<'_>>>("briefs.jsonl");
    results_stay::<Status>("status.jsonl");
    results_stay::<Outcome>("outcome.jsonl");
    results_stay::<Plan>("plan.jsonl");
    results_stay::<EventsEnd>("events_end.jsonl");
    results_stay::<Ended>("ended.jsonl");
}

#[test]
fn notifications_stay() {
    for line in lines("log.jsonl") {
        let Incoming::Log(log) = decode_incoming(line.as_bytes()).unwrap() else {
            panic!("not a notification: {line}");
        };
        let notification: Notification<LogText> = serde_json::from_str(&line).unwrap();
        assert_eq!(notification.params, log);
        assert_eq!(printed(notification.line()), line);
    }
    for line in lines("event.jsonl") {
        let Incoming::Event(_) = decode_incoming(line.as_bytes()).unwrap() else {
            panic!("not an event: {line}");
        };
        let event: Notification<EventNews> = serde_json::from_str(&line).unwrap();
        assert_eq!(printed(event.line()), line);
    }
    for line in lines("waiting.jsonl") {
        let Incoming::Waiting(waiting) = decode_incoming(line.as_bytes()).unwrap() else {
            panic!("not about waiting: {line}");
        };
        let notification: Notification<Waiting> = serde_json::from_str(&line).unwrap();
        assert_eq!(notification.params, waiting);
        assert_eq!(printed(notification.line()), line);
    }
}

/// A file that no test reads would guard nothing.
#[test]
fn every_golden_file_is_read() {
    let this = include_str!("golden.rs");
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(this.contains(&format!("\"{name}\"")), "no test reads golden/{name}");
    }
}

#[test]
fn a_result_is_read_in_one_go_and_nothing_else_is() {
    let read = |line: &str| decode_result::<Page<Brief<'_>>>(line.as_bytes(), &Id::Number(1));
    let whole = &lines("briefs.jsonl")[0];
    assert_eq!(read(whole).unwrap().services.len(), 2);
    assert_eq!(read(&lines("briefs.jsonl")[1]), None, "of another request");
    assert_eq!(read(&whole.replace("2.0", "1.0")), None);
    assert_eq!(read(&whole.replace("\"id\"", "\"error\":{},\"id\"")), None);
    assert_eq!(read(&whole.replace("label", "name")), None);
    assert_eq!(read(&lines("log.jsonl")[0]), None);
}
