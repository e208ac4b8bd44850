//! `svcctl simulate FILE`: what the supervisor would do with a service whose runs go as told.
//!
//! The decisions are those of the supervisor's own core, on a virtual clock; no daemon is asked.

mod words;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::definition::{Definition, Os, Read, Severity, Support, faults_on};
use supervisor_core::simulation::{Fate, Script, Simulation};
use supervisor_core::{Moment, Policy, Wall};

use self::words::End;
use super::files;
use crate::arguments::read_time;
use crate::error::{Error, Exit};
use crate::os;
use crate::output::Output;
use crate::show::Story;

/// So many runs are looked at when nothing is said about them.
const RUNS: usize = 3;

/// Show what the supervisor would do with a service whose runs end as told
#[derive(Debug, Args)]
#[command(after_help = "\
How a run ends: a number is its exit code, ok is 0, sig9 or sigSEGV a signal that kills it, fail or
fail:2 that it can't be started (for that error number), stays that it never ends. Only the clock
is simulated: no path changes, nobody connects, no other service is there.

Without --for it goes on until all of --exits are used up; with it, the last of --exits and of
--run-for holds for all later runs.

Examples:
  svcctl simulate web.plist --exits 1,1,0,sigSEGV
  svcctl simulate backup.plist --from '2026-03-28 01:00' --zone Europe/Berlin --for 3d")]
pub(crate) struct Arguments {
    /// The definition file, - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How each run ends, like 1,0,sig9,fail:2,stays
    #[arg(long, value_name = "END,…", value_delimiter = ',')]
    exits: Vec<End>,
    /// How long each run lasts, like 1s or 5s,2m
    #[arg(
        long,
        value_name = "TIME,…",
        value_delimiter = ',',
        value_parser = words::lifetime,
        default_value = "1s"
    )]
    run_for: Vec<Duration>,
    /// Look at so much time, like 90, 1h or 3d
    #[arg(long = "for", value_name = "TIME", value_parser = read_time)]
    length: Option<Duration>,
    /// What the clock shows when it is loaded, like '2026-03-29 01:00'; now without it
    #[arg(long, value_name = "WHEN")]
    from: Option<String>,
    /// The time zone, like Europe/Berlin; the machine's without it
    #[arg(long, value_name = "ZONE", value_parser = words::zone)]
    zone: Option<TimeZone>,
    /// Begin with svcctl start
    #[arg(long)]
    start: bool,
}

impl Arguments {
    /// Plays the script and shows it, decision by decision.
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Error> {
        let file = files::open(&self.file)?;
        let read = file.read();
        let refused = faults_on(&read, Os::current());
        for error in read.errors().chain(refused.iter().filter(|fault| fault.is_error())) {
            output
                .complain(&Error::Unreadable { file: file.name.clone(), cause: error.to_string() });
        }
        let Some(definition) = &read.definition else { return Ok(Exit::Failed) };
        for fault in read.faults.iter().filter(|fault| fault.severity == Severity::Warning) {
            output.remark(format_args!("{}: {}: {fault}", file.name, fault.severity));
        }
        for key in not_played(&read) {
            output.remark(format_args!("{}: note: {key} has no part in this yet", file.name));
        }
        let has_calendar = !definition.rare.start_calendar.is_empty();
        let shows_wall = has_calendar || self.from.is_some() || self.zone.is_some();
        let script = self.script(definition, shows_wall)?;
        let story = Story::new(&script, definition, shows_wall);
        if output.is_json() {
            return tell_json(&story, script, output);
        }
        output.text(&story.header())?;
        let mut last = None;
        for step in Simulation::new(script) {
            output.text(&story.line(&step, last))?;
            last = Some(step.at);
        }
        Ok(Exit::Done)
    }

    fn script(self, definition: &Definition, shows_wall: bool) -> Result<Script, Error> {
        // Finding the machine's zone takes longer than all the rest.
        let usual = || if shows_wall { TimeZone::system() } else { TimeZone::UTC };
        let zone = self.zone.unwrap_or_else(usual);
        let zero = match &self.from {
            None => Timestamp::now(),
            Some(text) => words::moment(text, &zone).map_err(Error::Usage)?,
        };
        let usual = vec![End::OK; if self.length.is_some() { 1 } else { RUNS }];
        let ends = if self.exits.is_empty() { usual } else { self.exits };
        let count = ends.len().max(if self.length.is_some() { self.run_for.len() } else { 0 });
        let runs = (0..count).filter_map(|at| {
            let end = ends.get(at).or(ends.last())?;
            let after = self.run_for.get(at).or(self.run_for.last())?;
            Some(end.fate(*after, definition.executable()))
        });
        Ok(Script {
            label: definition.label.as_str().into(),
            policy: Policy::of(definition, |name| os::signal_number(&format!("SIG{name}"))),
            enabled: !definition.disabled,
            asked: self.start,
            wall: Wall { zero, zone },
            runs: runs.collect::<Vec<Fate>>(),
            until: self.length.map(Moment::after),
        })
    }
}

fn tell_json(story: &Story, script: Script, output: &mut Output) -> Result<Exit, Error> {
    let mut before = "[\n";
    for step in Simulation::new(script) {
        output.text(&format!("{before}{}", story.json(&step)))?;
        before = ",\n";
    }
    output.line("\n]")?;
    Ok(Exit::Done)
}

/// Keys given that decide about starts, and that the supervisor does not act on yet.
fn not_played(read: &Read) -> impl Iterator<Item = &str> {
    const DECIDING: [&str; 9] = [
        "Requires",
        "After",
        "Ready",
        "Health",
        "Watchdog",
        "Restart",
        "Backoff",
        "StartLimit",
        "Hooks",
    ];
    let used = read.used.iter().filter(|used| {
        let inside = used.path.strip_prefix("Supervisor.");
        inside.is_some_and(|name| DECIDING.contains(&name))
            && used.key.on(Os::current()) == Support::NotYet
    });
    used.map(|used| used.path.as_str())
}
