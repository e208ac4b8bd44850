//! Files made to hurt: refused before they cost anything, on a small stack.

use crate::support::{findings, xml};
use protocol::definition::{DEPTH_MAX, NODES_MAX, Read, SIZE_MAX, from_json, read};
use std::time::{Duration, Instant};

/// What the main thread has on Windows: the least of the three systems.
const STACK: usize = 1024 * 1024;

/// Reads where recursion without bounds would crash, and in a time that shows no blow-up.
fn read_cramped(bytes: Vec<u8>) -> Read {
    let cramped = std::thread::Builder::new().stack_size(STACK);
    let begun = Instant::now();
    let outcome = cramped.spawn(move || read(&bytes)).unwrap().join().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "took {:?}", begun.elapsed());
    outcome
}

fn one_error(bytes: impl Into<Vec<u8>>, cause: &str) {
    let found = findings(&read_cramped(bytes.into()));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("error: ") && found[0].contains(cause), "{found:?}");
}

#[test]
fn a_file_too_large() {
    one_error(vec![b' '; SIZE_MAX + 1], "larger than");
}

#[test]
fn nesting_in_every_format() {
    let levels = 100_000;
    one_error(format!("<plist>{}", "<array>".repeat(levels)), "nested deeper than 64");
    one_error(format!("<plist>{}", "<dict><key>a</key>".repeat(levels / 2)), "nested deeper");
    one_error("[".repeat(levels), "nested deeper");
    one_error("{\"a\":".repeat(levels), "nested deeper");
    one_error("{a=".repeat(levels), "nested deeper");
    one_error("(".repeat(levels), "nested deeper");
    one_error(nested_binary(200), "nested deeper");
}

#[test]
fn nesting_within_the_limit_is_read() {
    let inner = "<array>".repeat(DEPTH_MAX - 2) + &"</array>".repeat(DEPTH_MAX - 2);
    let body = format!("<key>SpawnConstraint</key>{inner}");
    assert!(read_cramped(xml(&body).into_bytes()).definition.is_some());
}

#[test]
fn values_without_end() {
    let many = NODES_MAX + 1;
    one_error(format!("<plist><array>{}", "<true/>".repeat(many)), "more than 100000 values");
    one_error(format!("[{}1]", "1,".repeat(many)), "more than 100000 values");
    one_error(format!("({}1)", "1,".repeat(many)), "more than 100000 values");
}

#[test]
fn json_already_parsed_is_bounded_too() {
    let mut value = serde_json::Value::Null;
    for _ in 0..DEPTH_MAX + 1 {
        value = serde_json::Value::Array(vec![value]);
    }
    let found = findings(&from_json(&value));
    assert!(found.len() == 1 && found[0].contains("nested deeper"), "{found:?}");
}

#[test]
fn a_binary_that_multiplies_itself() {
    one_error(shared_binary(9, 10), "more than 100000 values");
    one_error(shared_binary(3, 100), "more than 100000 values");
}

#[test]
fn a_binary_that_contains_itself() {
    one_error(binary(&[&[0xa1, 0]]), "damaged");
    one_error(binary(&[&[0xa1, 1], &[0xa1, 0]]), "damaged");
}

#[test]
fn a_binary_that_claims_huge_counts() {
    one_error(binary(&[&[0xaf, 0x13, 0x01, 0, 0, 0, 0, 0, 0, 0]]), "damaged");
    one_error(binary(&[&[0x5f, 0x13, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]]), "damaged");
}

#[test]
fn entities_are_never_expanded() {
    let bomb = "<!DOCTYPE plist [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\
                <plist><dict><key>Label</key><string>&b;</string></dict></plist>";
    one_error(bomb, "an entity is defined");
    let outside = "<!DOCTYPE plist [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><plist/>";
    one_error(outside, "an entity is defined");
}

#[test]
fn findings_without_end() {
    for many in [
        "<key>Nonsens</key><true/>".repeat(40_000),
        format!("<key>WatchPaths</key><array>{}</array>", "<true/>".repeat(90_000)),
        format!(
            "<key>Sockets</key><dict><key>a</key><array>{}</array></dict>",
            "<dict><key>Sock</key><true/></dict>".repeat(20_000)
        ),
    ] {
        let outcome = read_cramped(xml(&many).into_bytes());
        assert_eq!(outcome.faults.len(), 501);
        assert!(outcome.faults[500].cause.contains("the rest is left out"));
    }
}

#[test]
fn an_error_beyond_the_last_finding_still_refuses() {
    let many = "<key>Nonsense</key><true/>".repeat(1000);
    let outcome = read_cramped(xml(&format!("{many}<key>UserName</key><true/>")).into_bytes());
    assert!(outcome.definition.is_none() && outcome.errors().next().is_some());
}

#[test]
fn long_names_are_not_compared() {
    let name = "x".repeat(SIZE_MAX - 1000);
    let outcome = read_cramped(xml(&format!("<key>{name}</key><true/>")).into_bytes());
    assert!(outcome.definition.is_some());
}

#[test]
fn mutations_never_panic() {
    let text =
        xml("<key>KeepAlive</key><dict><key>PathState</key><dict><key>/x</key><true/></dict>\
        </dict><key>StartCalendarInterval</key><array><dict><key>Hour</key><integer>3</integer>\
        </dict></array>");
    let definition = read(text.as_bytes()).definition.unwrap();
    let mut binary = Vec::new();
    plist::to_writer_binary(&mut binary, &definition.to_dictionary()).unwrap();
    let json = definition.to_json().to_string();
    let mut state = 1_u64;
    for original in [text.as_bytes(), &binary, json.as_bytes(), OPENSTEP.as_bytes()] {
        assert!(read(original).definition.is_some());
        for _ in 0..5_000 {
            let mut bytes = original.to_vec();
            for _ in 0..3 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = usize::try_from(state >> 33).unwrap() % bytes.len();
                bytes[at] = (state >> 20) as u8;
            }
            let outcome = read(&bytes);
            assert_eq!(outcome.definition.is_none(), outcome.errors().next().is_some());
        }
    }
}

const OPENSTEP: &str = "{ Label = web; ProgramArguments = (/bin/web, \"-v\\n\"); KeepAlive = YES; \
    EnvironmentVariables = { A = <dead>; B = 'c'; }; /* x */ Nice = 5; }";

/// A binary property list of raw objects; the first is the root, references are one byte.
fn binary(objects: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for object in objects {
        offsets.push(u16::try_from(bytes.len()).unwrap());
        bytes.extend_from_slice(object);
    }
    let table = bytes.len() as u64;
    offsets.iter().for_each(|offset| bytes.extend_from_slice(&offset.to_be_bytes()));
    bytes.extend_from_slice(&[0, 0, 0, 0, 0, 0, 2, 1]);
    bytes.extend_from_slice(&(objects.len() as u64).to_be_bytes());
    bytes.extend_from_slice(&0_u64.to_be_bytes());
    bytes.extend_from_slice(&table.to_be_bytes());
    bytes
}

/// Levels of arrays, each naming the next one many times: small in the file, huge in memory.
fn shared_binary(levels: u8, times: u8) -> Vec<u8> {
    let mut objects: Vec<Vec<u8>> = (1..=levels)
        .map(|next| {
            let mut object = vec![0xaf, 0x10, times];
            object.extend(std::iter::repeat_n(next, times.into()));
            object
        })
        .collect();
    objects.push(vec![0x09]);
    binary(&objects.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn nested_binary(levels: u8) -> Vec<u8> {
    let mut objects: Vec<Vec<u8>> = (1..=levels).map(|next| vec![0xa1, next]).collect();
    objects.push(vec![0x09]);
    binary(&objects.iter().map(Vec::as_slice).collect::<Vec<_>>())
}
