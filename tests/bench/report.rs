//! What the benchmark says in the end: tables, promises, defeats, gaps, and what it all stands on.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::bars;
use crate::machine::{Machine, file_system};
use crate::metric;
use crate::options::{Amounts, Options};
use crate::peers::Found;
use crate::results::{Results, real};
use crate::tables::{self, aligned, figure};
use crate::tools::Tools;

/// Everything that there is to tell.
pub(crate) struct Report<'a> {
    pub(crate) options: &'a Options,
    pub(crate) amounts: &'a Amounts,
    pub(crate) tools: &'a Tools,
    pub(crate) found: &'a Found,
    pub(crate) results: &'a Results,
    /// The load average before and after.
    pub(crate) loads: [f64; 2],
}

impl Report<'_> {
    /// For the terminal.
    pub(crate) fn text(&self) -> String {
        [self.tables(), self.promises(), self.defeats(), self.gaps()].concat()
    }

    /// For BENCHMARKS.md.
    pub(crate) fn markdown(&self) -> String {
        let head = include_str!("method.md");
        [
            head.to_owned(),
            self.conditions(),
            self.promises(),
            self.defeats(),
            self.tables(),
            self.gaps(),
            include_str!("profiles.md").to_owned(),
        ]
        .concat()
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let machine = Machine::look();
        let mut value = self.results.json();
        let about =
            self.found.peers.iter().map(|peer| (peer.name().to_owned(), peer.about().into()));
        value["date"] = json!(machine.date);
        value["machine"] = json!({
            "processor": machine.processor, "cores": machine.cores, "kernel": machine.kernel,
            "memory_mib": machine.memory_mib, "load": self.loads,
        });
        value["peers"] = Value::Object(about.collect());
        value["repetitions"] = json!(self.amounts.repetitions);
        value["child_is_static"] = json!(self.tools.child_is_static());
        value
    }

    fn conditions(&self) -> String {
        let machine = Machine::look();
        let mut text = String::from("## This run\n\n");
        if self.options.quick {
            text += "**A smoke run (`--quick`) of one repetition: it shows that everything can be measured. Its \
                     figures mean nothing.**\n\n";
        }
        let cores = real(machine.cores);
        if self.loads.iter().any(|load| cores < *load) {
            text += "**The machine was busy with other work.** Ratios within a table were measured under the same \
                     load; absolute figures are too high.\n\n";
        }
        let [before, after] = self.loads;
        let link = if self.tools.child_is_static() { "static" } else { "dynamic" };
        let Machine { processor, cores, kernel, memory_mib, date } = machine;
        let Amounts { repetitions, kills, asks, log_mib, .. } = self.amounts;
        let [place, of_logs] = [&self.tools.work, &self.tools.log_work].map(|at| file_system(at));
        for line in [
            format!("{processor}, {cores} cores, {memory_mib} MiB, Linux {kernel}"),
            format!("{date}; load average {before:.1} before, {after:.1} after"),
            format!(
                "repetitions: {repetitions}, each of {kills} restarts and {asks} runs of a client"
            ),
            format!("the child is linked {link}; services and daemons are on {place}"),
            format!("logs of {log_mib} MiB on {of_logs}"),
        ] {
            let _ = writeln!(text, "- {line}");
        }
        for peer in &self.found.peers {
            let _ = writeln!(text, "- {}: {}", peer.name(), peer.about());
        }
        text + "\n"
    }

    fn tables(&self) -> String {
        let mut text = String::from("## Figures\n\n");
        for metric in metric::ALL {
            if let Some(table) = tables::of(self.results, metric) {
                text += &table;
                text.push('\n');
            }
        }
        let slopes = bars::slopes(self.results);
        if 1 < slopes.len() {
            text += &format!("### Memory of each further idle service\n\n{}\n", aligned(&slopes));
        }
        text
    }

    fn promises(&self) -> String {
        let head = ["what (x: times the floor, if not said otherwise)", "bar", "measured", ""];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for verdict in bars::verdicts(self.results) {
            let measured = verdict.measured.map_or_else(|| "not measured".to_owned(), figure);
            let holds = match verdict.holds {
                Some(true) => "holds",
                Some(false) => "**missed**",
                None => "",
            };
            rows.push(vec![verdict.what, verdict.bar, measured, holds.to_owned()]);
        }
        format!("## What we promised ourselves\n\n{}\n", aligned(&rows))
    }

    fn defeats(&self) -> String {
        let mut text = String::from("## Where a peer is better\n\n");
        let defeats = bars::defeats(self.results);
        if defeats.is_empty() {
            text += "In no figure that was measured.\n\n";
            return text;
        }
        let mut rows = vec![["figure", "at", "peer", "theirs", "ours"].map(str::to_owned).to_vec()];
        for defeat in defeats {
            let what = format!("{} ({})", defeat.metric.title, defeat.metric.unit);
            let (theirs, ours) = (figure(defeat.theirs), figure(defeat.ours));
            rows.push(vec![what, defeat.scale.to_string(), defeat.peer.to_owned(), theirs, ours]);
        }
        text + &aligned(&rows) + "\n"
    }

    fn gaps(&self) -> String {
        let mut text = String::new();
        for gap in &self.results.gaps {
            let why = gap.why.replace('\n', " ");
            let _ = writeln!(text, "- {}, {}: {why}", gap.peer, gap.what);
        }
        if text.is_empty() { text } else { format!("## Not measured\n\n{text}") }
    }
}
