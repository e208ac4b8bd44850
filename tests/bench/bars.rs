//! What we promised ourselves, and whether it holds; and where a peer is better. Pure.

use crate::metric::{self, Metric};
use crate::results::{Results, real};
use crate::tables::figure;

/// One promise.
#[derive(Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) what: String,
    pub(crate) bar: String,
    /// None where it was not measured.
    pub(crate) measured: Option<f64>,
    pub(crate) holds: Option<bool>,
}

fn at_most(what: &str, unit: &str, bar: f64, measured: Option<f64>) -> Verdict {
    Verdict {
        what: what.to_owned(),
        bar: format!("<= {}{unit}", figure(bar)),
        measured,
        holds: measured.map(|measured| measured <= bar),
    }
}

fn at_least(what: &str, unit: &str, bar: f64, measured: Option<f64>) -> Verdict {
    Verdict {
        what: what.to_owned(),
        bar: format!(">= {}{unit}", figure(bar)),
        measured,
        holds: measured.map(|measured| bar <= measured),
    }
}

fn boots(what: &str, measured: Option<f64>) -> Verdict {
    let holds = measured.map(|_| true);
    Verdict { what: what.to_owned(), bar: "at all, ms".to_owned(), measured, holds }
}

/// Every promise, in the order of the report.
pub(crate) fn verdicts(results: &Results) -> Vec<Verdict> {
    let ratio = |metric, scale| results.ratio(metric, "ours", scale);
    let value = |metric, peer, scale| results.median(metric, peer, scale);
    let of = |first: Option<f64>, second: Option<f64>| {
        Some(first? / second.filter(|second| 0.0 < *second)?)
    };
    let mut verdicts = vec![
        at_most("boot of 1000", "x", 1.15, ratio(&metric::BOOT, 1000)),
        at_most("restart of one in 1000, p50", "x", 1.3, ratio(&metric::RESTART_P50, 1000)),
        at_most("restart of one in 1000, p99", "x", 1.5, ratio(&metric::RESTART_P99, 1000)),
        at_most("list of 1000", "x", 2.5, ratio(&metric::LIST, 1000)),
        at_most("list of 1000", " ms", 3.0, value(&metric::LIST, "ours", 1000)),
        at_most("stop and start", "x", 1.5, ratio(&metric::STOP_START, 1000)),
        at_most("stop of 1000", "x", 1.15, ratio(&metric::MASS_STOP, 1000)),
        at_most("memory with 1000, PSS", " KiB", 3072.0, value(&metric::PSS, "ours", 1000)),
        at_most("memory per further service, PSS", " KiB", 2.0, memory_per_service(results)),
        at_most(
            "wake-ups in 20 s, 1000 idle",
            "",
            0.0,
            value(&metric::IDLE_SWITCHES, "ours", 1000),
        ),
        at_most("CPU in 20 s, 1000 idle", " ms", 0.0, value(&metric::IDLE_CPU, "ours", 1000)),
    ];
    for bytes in results.scales(&metric::LOG_RATE) {
        let rate = |logger| value(&metric::LOG_RATE, logger, bytes);
        let name = |what| format!("{what}, {bytes} bytes a write");
        let file = of(rate("ours-file"), rate("direct"));
        let pipe = of(rate("ours-pipe"), rate("s6-log"));
        let cpu =
            value(&metric::LOG_CPU, "ours-file", bytes).map(|cpu| (cpu * 100.0).round() / 100.0);
        verdicts.push(at_least(&name("log to a rotated file / direct"), "x", 0.98, file));
        verdicts.push(at_most(&name("CPU for a rotated file"), " s/GiB", 0.0, cpu));
        verdicts.push(at_least(&name("log with times / s6-log"), "x", 1.0, pipe));
    }
    for crashing in results.scales(&metric::STORM_RESTART) {
        let ours = |metric| value(metric, "ours", crashing);
        let restart = of(ours(&metric::STORM_RESTART), ours(&metric::QUIET_RESTART));
        let status = of(ours(&metric::STORM_STATUS), ours(&metric::QUIET_STATUS));
        let name = |what| format!("{what} beside {crashing} that crash / idle");
        verdicts.push(at_most(&name("restart"), "x", 2.0, restart));
        verdicts.push(at_most(&name("status"), "x", 2.0, status));
    }
    let [few, many] = [100, 10_000].map(|scale| value(&metric::RESTART_P50, "ours", scale));
    verdicts.extend([
        boots("boot of 10000", value(&metric::BOOT, "ours", 10_000)),
        at_most("list of 10000", " ms", 30.0, value(&metric::LIST, "ours", 10_000)),
        at_most("restart of one in 10000 / in 100, p50", "x", 1.1, of(many, few)),
    ]);
    verdicts
}

/// Between the two largest numbers of services.
fn memory_per_service(results: &Results) -> Option<f64> {
    let scales = results.scales(&metric::PSS);
    let [.., from, to] = scales[..] else { return None };
    results.slope(&metric::PSS, "ours", from, to)
}

/// A figure in which a peer beats us.
#[derive(Debug, PartialEq)]
pub(crate) struct Defeat {
    pub(crate) metric: &'static Metric,
    pub(crate) scale: usize,
    pub(crate) peer: &'static str,
    pub(crate) theirs: f64,
    pub(crate) ours: f64,
}

/// Every one, however small; floors are no peers.
pub(crate) fn defeats(results: &Results) -> Vec<Defeat> {
    let mut defeats = Vec::new();
    for metric in metric::ALL {
        for scale in results.scales(metric) {
            let Some(ours) = results.median(metric, "ours", scale) else { continue };
            for peer in results.peers(metric) {
                let Some(theirs) = results.median(metric, peer, scale) else { continue };
                let is_better = if metric.is_more_better { ours < theirs } else { theirs < ours };
                if is_better && !peer.starts_with("floor") && peer != "ours" {
                    defeats.push(Defeat { metric, scale, peer, theirs, ours });
                }
            }
        }
    }
    defeats
}

/// How many KiB each further service takes, for everybody.
pub(crate) fn slopes(results: &Results) -> Vec<Vec<String>> {
    let scales = results.scales(&metric::PSS);
    let [.., from, to] = scales[..] else { return Vec::new() };
    let head = vec![String::new(), format!("KiB per service, {from}..{to}"), "services".to_owned()];
    let row = |peer: &&str| {
        let slope = results.slope(&metric::PSS, peer, from, to)?;
        Some(vec![(*peer).to_owned(), figure(slope), figure(real(to - from))])
    };
    let peers = results.peers(&metric::PSS);
    std::iter::once(head).chain(peers.iter().filter_map(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Sample;

    fn results(samples: &[(&'static Metric, &str, usize, f64)]) -> Results {
        let sample = |(metric, peer, scale, value): &(&'static Metric, &str, usize, f64)| Sample {
            metric,
            peer: (*peer).to_owned(),
            scale: *scale,
            repetition: 0,
            value: *value,
        };
        Results { samples: samples.iter().map(sample).collect(), gaps: Vec::new() }
    }

    fn holds(results: &Results, what: &str) -> Option<bool> {
        let verdicts = verdicts(results);
        verdicts.iter().find(|verdict| verdict.what == what).expect("it is promised").holds
    }

    #[test]
    fn a_promise_holds_fails_or_was_not_measured() {
        let boots = [(&metric::BOOT, "floor", 1000, 100.0), (&metric::BOOT, "ours", 1000, 115.0)];
        assert_eq!(holds(&results(&boots), "boot of 1000"), Some(true));
        let boots = [(&metric::BOOT, "floor", 1000, 100.0), (&metric::BOOT, "ours", 1000, 116.0)];
        assert_eq!(holds(&results(&boots), "boot of 1000"), Some(false));
        assert_eq!(holds(&results(&boots), "stop of 1000"), None);
        let sizes = [(&metric::PSS, "ours", 100, 900.0), (&metric::PSS, "ours", 1000, 9000.0)];
        assert_eq!(holds(&results(&sizes), "memory per further service, PSS"), Some(false));
    }

    #[test]
    fn every_figure_in_which_a_peer_is_better_is_told() {
        let results = results(&[
            (&metric::BOOT, "floor", 100, 1.0),
            (&metric::BOOT, "ours", 100, 2.0),
            (&metric::BOOT, "dinit", 100, 1.9),
            (&metric::BOOT, "s6", 100, 2.1),
            (&metric::STORM_STARTS, "ours", 200, 10.0),
            (&metric::STORM_STARTS, "s6", 200, 11.0),
        ]);
        let found: Vec<_> =
            defeats(&results).iter().map(|defeat| (defeat.metric.key, defeat.peer)).collect();
        assert_eq!(found, [("boot", "dinit"), ("storm_starts", "s6")]);
    }
}
