//! The order of everything: each repetition asks all peers in turn, so that what else the machine
//! does falls on all of them alike.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser as _;
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::fault::{Cannot as _, Fault, Outcome};
use crate::metric::Metric;
use crate::options::{Amounts, Options, Part};
use crate::peers::{self, Found, NAMES, Peer};
use crate::report::Report;
use crate::results::{LOGGERS, Results, Sample};
use crate::tools::Tools;
use crate::{interrupt, logging, machine, process, programs, services, storm};

/// Whoever takes longer for something is asked for it once: the others can't wait for hours.
const SLOW: Duration = Duration::from_secs(40);

/// Measures what the arguments say; fails if that was nothing, or something was left running.
pub(crate) fn main() -> ExitCode {
    match measure(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("bench: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Outcome<()> {
    if let Some(name) = options.peers.iter().find(|name| !NAMES.contains(&name.as_str())) {
        return Err(Fault(format!("there is no peer {name}, only {}", NAMES.join(", "))));
    }
    let tools = Tools::find(options)?;
    prepare_process()?;
    let found = peers::find(&tools, &options.peers);
    let amounts = options.amounts();
    let load = machine::load();
    let results = repeat(options, &tools, &found, &amounts);
    let loads = [load, machine::load()];
    let report = Report {
        options,
        amounts: &amounts,
        tools: &tools,
        found: &found,
        results: &results,
        loads,
    };
    write_out(options, &report)?;
    if results.samples.is_empty() {
        return Err(Fault("nothing was measured".to_owned()));
    }
    if interrupt::is_wanted() { Err(Fault("interrupted".to_owned())) } else { Ok(()) }
}

/// What peers leave behind comes to us; and 10,000 processes take as many descriptors.
fn prepare_process() -> Outcome<()> {
    interrupt::catch()?;
    prctl::set_child_subreaper(true).cannot("adopt orphans")?;
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).cannot("ask for limits")?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most).cannot("raise limits")
}

fn write_out(options: &Options, report: &Report<'_>) -> Outcome<()> {
    io::stdout().write_all(report.text().as_bytes()).cannot("print the results")?;
    let write = |path: &Path, text: String| {
        fs::write(path, text).cannot(format!("write {}", path.display()))
    };
    if let Some(path) = &options.json {
        write(path, format!("{:#}\n", report.json()))?;
    }
    if let Some(path) = &options.markdown {
        write(path, report.markdown())?;
    }
    Ok(())
}

fn repeat(options: &Options, tools: &Tools, found: &Found, amounts: &Amounts) -> Results {
    let mut results = Results::default();
    for name in &found.missing {
        results.miss(
            name,
            "everything".to_owned(),
            "it is not installed, or not in charge of this machine".to_owned(),
        );
    }
    let mut slow = HashSet::new();
    for repetition in 0..amounts.repetitions {
        if interrupt::is_wanted() {
            let what = format!("part of repetition {repetition}, and all later ones");
            results.miss("everyone", what, "it was interrupted".to_owned());
            break;
        }
        let mut round =
            Round { tools, amounts, repetition, results: &mut results, slow: &mut slow };
        if options.wants(Part::Services) {
            for scale in &amounts.scales {
                for peer in turn(&found.peers, repetition) {
                    round.services(peer.as_ref(), *scale);
                }
            }
        }
        if options.wants(Part::Storm) {
            for peer in turn(&found.peers, repetition) {
                round.one(peer.name(), "a crash storm", amounts.crashing, |tools, notes| {
                    storm::measure(tools, peer.as_ref(), amounts, notes)
                });
            }
        }
        if options.wants(Part::Logs) {
            for bytes in logging::WRITES {
                for logger in turn(&LOGGERS, repetition) {
                    round.logs(options, logger, bytes);
                }
            }
        }
        if options.wants(Part::Programs) {
            for peer in turn(&found.peers, repetition) {
                round.one(peer.name(), "its programs", 0, |_, notes| {
                    programs::measure(peer.as_ref(), amounts, notes)
                });
            }
        }
    }
    results
}

/// All, each time beginning with another.
fn turn<T>(all: &[T], repetition: u32) -> impl Iterator<Item = &T> {
    let first = repetition as usize % all.len().max(1);
    all[first..].iter().chain(&all[..first])
}

/// One repetition.
struct Round<'a> {
    tools: &'a Tools,
    amounts: &'a Amounts,
    repetition: u32,
    results: &'a mut Results,
    /// Who took so long for what that once is enough.
    slow: &'a mut HashSet<(String, String)>,
}

impl Round<'_> {
    fn services(&mut self, peer: &dyn Peer, scale: usize) {
        let what = format!("{scale} services");
        if let Some((most, why)) = peer.most().filter(|(most, _)| *most < scale) {
            let why = format!("{why} (up to {most} it is measured)");
            return self.results.miss(peer.name(), what, why);
        }
        let amounts = self.amounts;
        self.one(peer.name(), &what, scale, |tools, notes| {
            services::measure(tools, peer, amounts, notes)
        });
    }

    fn logs(&mut self, options: &Options, logger: &str, bytes: usize) {
        let (owner, is_there) = logging::belongs_to(logger);
        let is_wanted = options.peers.is_empty() || options.peers.iter().any(|peer| peer == owner);
        if is_there && (is_wanted || logger == "direct") {
            let amounts = self.amounts;
            self.one(logger, &format!("a log, {bytes} bytes a write"), bytes, |tools, notes| {
                logging::measure(tools, logger, amounts, notes)
            });
        }
    }

    /// A peer that fails is told of, and the others go on.
    fn one(
        &mut self,
        peer: &str,
        what: &str,
        scale: usize,
        measure: impl FnOnce(&Tools, &mut Notes<'_>) -> Outcome<()>,
    ) {
        let key = (peer.to_owned(), what.to_owned());
        if interrupt::is_wanted() || self.slow.contains(&key) {
            return;
        }
        let (repetition, began) = (self.repetition, Instant::now());
        eprintln!("bench: {}/{} {peer}: {what}", repetition + 1, self.amounts.repetitions);
        let mut notes = Notes { peer, scale, repetition, results: self.results };
        let outcome =
            measure(self.tools, &mut notes).and_then(|()| match process::descendants()[..] {
                [] => Ok(()),
                ref left => Err(Fault(format!("processes {left:?} were left running"))),
            });
        if let Err(fault) = outcome {
            eprintln!("bench: {peer}: {what}: {fault}");
            self.results.miss(peer, what.to_owned(), fault.to_string());
        }
        if let Err(fault) = process::end_all() {
            eprintln!("bench: {fault}");
        }
        let took = began.elapsed();
        if SLOW < took && repetition + 1 < self.amounts.repetitions {
            self.slow.insert(key);
            let why = format!("once took {} s, which is not repeated", took.as_secs());
            self.results.miss(peer, format!("{what} more than once"), why);
        }
    }
}

/// Where a measurement writes down what it found.
pub(crate) struct Notes<'a> {
    peer: &'a str,
    pub(crate) scale: usize,
    pub(crate) repetition: u32,
    results: &'a mut Results,
}

impl Notes<'_> {
    pub(crate) fn take(&mut self, metric: &'static Metric, value: f64) {
        let scale = if metric.scale == crate::metric::Scale::Nothing { 0 } else { self.scale };
        let (peer, repetition) = (self.peer.to_owned(), self.repetition);
        self.results.samples.push(Sample { metric, peer, scale, repetition, value });
    }

    pub(crate) fn take_some(&mut self, metric: &'static Metric, value: Option<f64>) {
        if let Some(value) = value {
            self.take(metric, value);
        }
    }
}
