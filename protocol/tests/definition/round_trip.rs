//! What is written can be read again, and is equal.

use crate::samples::{dictionaries, values};
use plist::{Dictionary, Value};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use protocol::definition::{
    Class, Definition, KEYS, file_name, from_dictionary, from_json, label_of_file_name, read,
};

const CASES: u32 = 300;

/// A runner whose seed is fixed, so that a failure is there again tomorrow.
fn runner() -> TestRunner {
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..Default::default() };
    let seed = proptest::test_runner::RngAlgorithm::ChaCha;
    TestRunner::new_with_rng(config, proptest::test_runner::TestRng::deterministic_rng(seed))
}

fn with_program(mut keys: Dictionary) -> Dictionary {
    keys.insert("Label".to_owned(), Value::String("web".to_owned()));
    let arguments = vec![Value::String("/bin/web".to_owned())];
    keys.insert("ProgramArguments".to_owned(), Value::Array(arguments));
    keys
}

#[test]
fn any_definition_survives_every_format() {
    let outcome = runner().run(&dictionaries(KEYS), |keys| {
        let keys = with_program(keys);
        let first = from_dictionary(&keys);
        let Some(definition) = first.definition else {
            let needs_more = first.errors().all(|fault| fault.cause.contains("which Kind"));
            prop_assert!(needs_more, "{:?}", first.faults);
            return Ok(());
        };
        let xml = definition.to_xml();
        let again = read(xml.as_bytes());
        prop_assert_eq!(again.definition.as_ref(), Some(&definition), "{}", xml);
        let again = from_json(&definition.to_json());
        prop_assert_eq!(again.definition.as_ref(), Some(&definition));
        let again = from_dictionary(&definition.to_dictionary());
        prop_assert_eq!(again.definition.as_ref(), Some(&definition));
        prop_assert!(definition.differing(&definition).is_empty());
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn every_key_of_the_table_reaches_the_definition() {
    let plain = from_dictionary(&with_program(Dictionary::new())).definition.unwrap();
    for key in KEYS.iter().filter(|key| !["Label", "Supervisor"].contains(&key.name)) {
        let differs = |value: Value| {
            let mut keys = with_program(Dictionary::new());
            keys.insert(key.name.to_owned(), value);
            from_dictionary(&keys).definition.is_some_and(|definition| definition != plain)
        };
        let mut runner = runner();
        let any =
            (0..50).any(|_| differs(values(&key.kind).new_tree(&mut runner).unwrap().current()));
        assert!(any, "{} has no effect on the definition", key.name);
    }
}

#[test]
fn every_key_inside_a_dictionary_reaches_the_definition() {
    for key in KEYS.iter().filter(|key| !key.is_verbatim) {
        for inner in key.kind.keys() {
            let outer = |value: Value| {
                let inside: Dictionary = [(inner.name.to_owned(), value)].into_iter().collect();
                let inside = Value::Dictionary(inside);
                let inside = match key.name {
                    "Sockets" => {
                        Value::Dictionary([("s".to_owned(), inside)].into_iter().collect())
                    }
                    _ => inside,
                };
                let mut keys = with_program(Dictionary::new());
                keys.insert(key.name.to_owned(), inside);
                from_dictionary(&keys).definition
            };
            let mut runner = runner();
            let mut seen: Vec<Definition> = Vec::new();
            for _ in 0..50 {
                let value = values(&inner.kind).new_tree(&mut runner).unwrap().current();
                seen.extend(outer(value).filter(|definition| !seen.contains(definition)));
            }
            let is_ours_alone = matches!(inner.name, "Bonjour" | "SystemLoggingSocket");
            assert!(1 < seen.len() || is_ours_alone, "{}.{} has no effect", key.name, inner.name);
        }
    }
}

#[test]
fn differences_are_named_and_classed() {
    let base = Definition::simple("web", vec!["/bin/web".to_owned()]);
    let mut other = base.clone();
    other.rare.supervisor.group = Some("front".to_owned());
    other.exit_timeout = std::time::Duration::from_secs(5);
    other.run_at_load = true;
    other.program_arguments.push("-v".to_owned());
    let different = base.differing(&other);
    let names: Vec<&str> = different.iter().map(|key| key.name).collect();
    assert_eq!(names, ["ProgramArguments", "RunAtLoad", "ExitTimeOut", "Group"]);
    assert_eq!(different.iter().map(|key| key.class).max(), Some(Class::Restart));
}

#[test]
fn a_part_left_at_its_default_costs_nothing_and_differs_from_nothing() {
    let base = Definition::simple("web", vec!["/bin/web".to_owned()]);
    let mut touched = base.clone();
    touched.rare.supervisor.log.keep = Some(3);
    assert_ne!(base, touched);
    touched.rare.supervisor.log.keep = None;
    assert_eq!(base, touched);
    assert!(touched.rare.is_unset() && base.differing(&touched).is_empty());
    assert!(size_of::<Definition>() < 400, "{}", size_of::<Definition>());
}

#[test]
fn any_label_has_a_file_name() {
    let outcome = runner().run(&"[^\\p{Cc}/\u{2028}\u{2029}]{1,60}", |label| {
        let stem = file_name(&label);
        prop_assert!(stem.len() <= 200 && !stem.starts_with('.') && !stem.ends_with('.'));
        prop_assert!(stem.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+@%=".contains(&b)));
        let back = label_of_file_name(&stem);
        let is_short = !stem.contains("%=");
        prop_assert!(!is_short || label == "." || label == ".." || back == Some(label));
        Ok(())
    });
    outcome.unwrap();
}
