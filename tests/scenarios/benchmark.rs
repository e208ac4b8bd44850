//! The benchmark itself: that it measures everything and leaves nothing behind. Its figures are
//! looked at by people, never by a test.

use std::fs;
use std::process::Command;

use harness::BINARIES;
use serde_json::Value;

/// Everything that supervisors have figures of, except wishes for their logs.
const METRICS: [&str; 20] = [
    "boot",
    "pss",
    "private",
    "idle_switches",
    "idle_cpu",
    "restart_p50",
    "restart_p99",
    "list",
    "status",
    "stop_start",
    "mass_stop",
    "quiet_restart",
    "storm_restart",
    "quiet_status",
    "storm_status",
    "storm_starts",
    "daemon_size",
    "client_size",
    "daemon_start",
    "client_start",
];

#[test]
fn a_quick_benchmark_measures_everything_and_leaves_nothing_behind() {
    let folder = tempfile::Builder::new().prefix("sv-").tempdir_in("/tmp").unwrap();
    let place = |name: &str| folder.path().join(name);
    fs::create_dir(place("work")).unwrap();
    let output = Command::new(BINARIES.built.join("bench"))
        .args(["--quick", "--peers", "floor,ours"])
        .arg("--bin-dir")
        .arg(BINARIES.supervisord.parent().unwrap())
        .arg("--work")
        .arg(place("work"))
        .arg("--json")
        .arg(place("json"))
        .arg("--markdown")
        .arg(place("markdown"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");

    let json: Value = serde_json::from_str(&fs::read_to_string(place("json")).unwrap()).unwrap();
    let samples = json["samples"].as_array().unwrap();
    let has = |peer: &str, metric: &str| {
        samples.iter().any(|sample| sample["peer"] == peer && sample["metric"] == metric)
    };
    for peer in ["floor", "ours"] {
        for metric in METRICS {
            assert!(has(peer, metric), "{peer} has no {metric}\n{errors}");
        }
    }
    assert!(has("direct", "log_rate"), "no log was written\n{errors}");
    let lost = samples.iter().filter(|sample| sample["metric"] == "log_lost");
    assert!(lost.clone().all(|sample| sample["value"] == 0.0), "lines are lost\n{errors}");

    let tables = String::from_utf8(output.stdout).unwrap();
    let page = fs::read_to_string(place("markdown")).unwrap();
    for heading in ["## Figures", "### Boot", "## What we promised ourselves"] {
        assert!(tables.contains(heading) && page.contains(heading), "no {heading}:\n{tables}");
    }
    let left: Vec<_> = fs::read_dir(place("work")).unwrap().flatten().collect();
    assert!(left.is_empty(), "{left:?} is left");
}
