//! The schemas: what is good satisfies them, what is not does not, and they leave nothing out.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::Path;

use jsonschema::Validator;
use protocol::definition::{KEYS, Key, from_json, read};
use protocol::{definition, message};
use serde_json::{Value, json};

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::meta::validate(schema).unwrap();
    jsonschema::draft202012::new(schema).unwrap()
}

fn golden(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn satisfies(validator: &Validator, value: &Value, what: &str) {
    let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{what}: {value}\n{}", errors.join("\n"));
}

#[test]
fn definitions_without_a_fault_satisfy_the_schema_and_others_do_not() {
    let validator = validator(&definition::schema());
    let with = |keys: Value| {
        let mut definition = json!({ "Label": "web", "ProgramArguments": ["/bin/web"] });
        definition.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        definition
    };
    for keys in [
        json!({}),
        json!({ "KeepAlive": true, "Umask": "027", "Nice": -5 }),
        json!({ "KeepAlive": { "SuccessfulExit": false, "PathState": { "/x": true } } }),
        json!({ "StartCalendarInterval": [{ "Hour": 3 }, { "Weekday": 7 }] }),
        json!({ "Sockets": { "Listener": { "SockServiceName": 80, "SockFamily": "IPv4" } } }),
        json!({ "Program": "C:\\web\\web.exe", "Disabled": false }),
        json!({ "Supervisor": { "Limits": { "Memory": "64M" }, "StopSignal": "SIGUSR1" } }),
        json!({ "Supervisor": { "Requires": ["db"], "Backoff": { "Initial": 0.5 } } }),
    ] {
        let read = from_json(&with(keys.clone()));
        assert!(read.faults.is_empty(), "{keys}: {:?}", read.faults);
        satisfies(&validator, &with(keys), "a good definition");
    }
    for keys in [
        json!({ "KeepAlive": 1 }),
        json!({ "KeepAliv": true }),
        json!({ "Label": "a/b" }),
        json!({ "Label": "" }),
        json!({ "Nice": 21 }),
        json!({ "Umask": "089" }),
        json!({ "Program": "bin/web" }),
        json!({ "ProgramArguments": "/bin/web -v" }),
        json!({ "StartInterval": "60" }),
        json!({ "StartCalendarInterval": { "Hour": 24 } }),
        json!({ "Sockets": { "Listener": { "SockType": "tcp" } } }),
        json!({ "Supervisor": { "Limits": { "Memory": "lots" } } }),
        json!({ "Supervisor": { "Restart": { "On": "Sometimes" } } }),
    ] {
        assert!(!from_json(&with(keys.clone())).faults.is_empty(), "{keys}");
        assert!(!validator.is_valid(&with(keys.clone())), "{keys}");
    }
    assert!(!validator.is_valid(&json!({ "Label": "web" })));
    assert!(!validator.is_valid(&json!({ "ProgramArguments": ["/bin/web"] })));
}

#[test]
fn every_key_is_in_the_schema_with_what_is_known_of_it() {
    fn look(keys: &[Key], schema: &Value, path: &str) {
        let properties = schema["properties"].as_object().unwrap();
        assert_eq!(properties.len(), keys.len(), "{path}");
        for key in keys {
            let property = &properties[key.name];
            assert_eq!(property["description"], key.summary, "{path}.{}", key.name);
            assert_eq!(property["x-support"].as_object().unwrap().len(), 3);
            if !key.kind.keys().is_empty() {
                let inside = inner(property).unwrap();
                look(key.kind.keys(), inside, &format!("{path}.{}", key.name));
            }
        }
    }
    /// The first schema inside that has properties of its own.
    fn inner(schema: &Value) -> Option<&Value> {
        if schema.get("properties").is_some() {
            return Some(schema);
        }
        let alternatives = schema["anyOf"].as_array().into_iter().flatten();
        let all = alternatives.chain(["items", "additionalProperties"].map(|name| &schema[name]));
        all.filter(|inside| inside.is_object()).find_map(inner)
    }
    look(KEYS, &definition::schema(), "");
}

#[test]
fn real_definitions_satisfy_the_schema_once_written_anew() {
    let Some(folder) = std::env::var_os("CORPUS_DIR") else {
        eprintln!("SKIPPED: set CORPUS_DIR to a folder of launchd property lists");
        return;
    };
    let validator = validator(&definition::schema());
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = fs::read(&path) else { continue };
        if let Some(definition) = read(&bytes).definition {
            satisfies(&validator, &definition.to_json(), &path.display().to_string());
            count += 1;
        }
    }
    assert!(0 < count, "no definition was found");
}

#[test]
fn every_message_ever_released_satisfies_the_schema() {
    let schema = message::schema();
    let whole = validator(&schema);
    let files = ["requests.jsonl", "requests_by_hand.jsonl", "refusals.jsonl", "log.jsonl"];
    for file in files.into_iter().chain(["event.jsonl", "waiting.jsonl"]) {
        for line in golden(file) {
            satisfies(&whole, &line, file);
        }
    }
    let results = [
        ("hello", "hello.jsonl"),
        ("ping", "pong.jsonl"),
        ("list", "page.jsonl"),
        ("list", "briefs.jsonl"),
        ("status", "status.jsonl"),
        ("stop", "outcome.jsonl"),
        ("apply", "plan.jsonl"),
        ("events", "events_end.jsonl"),
        ("shutdown", "ended.jsonl"),
    ];
    for (method, file) in results {
        let mut result = schema["x-methods"][method]["result"].clone();
        result["$defs"] = schema["$defs"].clone();
        let result = validator(&result);
        for line in golden(file) {
            satisfies(&whole, &line, file);
            line.get("result").into_iter().for_each(|answer| satisfies(&result, answer, file));
        }
        assert!(!result.is_valid(&json!("nonsense")), "{method}");
    }
}

#[test]
fn requests_that_are_none_do_not_satisfy_the_schema() {
    let whole = validator(&message::schema());
    for request in [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "explode" }),
        json!({ "jsonrpc": "2.0", "id": 1, "method": "stop" }),
        json!({ "jsonrpc": "2.0", "id": 1, "method": "stop", "params": {} }),
        json!({ "jsonrpc": "2.0", "id": 1, "method": "stop", "params": { "label": "a", "now": 1 } }),
        json!({ "jsonrpc": "2.0", "id": 1, "method": "wait", "params": { "label": "a", "until": "x" } }),
        json!({ "jsonrpc": "1.0", "id": 1, "method": "ping" }),
        json!({ "jsonrpc": "2.0", "method": "ping" }),
    ] {
        assert!(!whole.is_valid(&request), "{request}");
    }
}

#[test]
fn every_method_is_in_the_schema_with_its_result() {
    let schema = message::schema();
    let methods = schema["x-methods"].as_object().unwrap();
    for request in golden("requests.jsonl") {
        let name = request["method"].as_str().unwrap();
        assert!(methods.contains_key(name), "message/schema.rs does not know the result of {name}");
    }
    for (name, method) in methods {
        assert!(method["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        assert!(method["params"].is_object() && method["result"].is_object(), "{name}");
    }
}

/// The page is kept as a file, so that it can be read without the program. `UPDATE=1` rewrites it.
#[test]
fn the_page_of_keys_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("KEYS.md");
    let page = definition::page();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, page).unwrap();
    } else {
        let kept = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        let is_same = kept == page;
        assert!(is_same, "{} is not what the key table says; UPDATE=1 rewrites it", path.display());
    }
}
