//! `svcctl logs LABEL…`

mod labels;
mod merge;

use clap::Args;
use jiff::Zoned;
use protocol::message::{Call, Id, Incoming, LogText, Logs, Stream};

use crate::arguments::read_when;
use crate::client::{self, Client};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;
use crate::show::{Form, Log};

/// How many lines of the past `-f` begins with.
const FOLLOW_FROM: u64 = 10;

/// How many logs are followed over one connection, below what the daemon takes.
const FOLLOWED_MAX: usize = 60;

/// Show what services wrote
#[derive(Debug, Args)]
#[command(after_help = "\
Without -n all of the log is shown, with -f its last 10 lines and what comes. Following ends when
the service is removed. Rotated and compressed logs are read as if they were one with the present
one.

Lines of several services stand behind their names, in order of time; with -f as they come. A line
that begins with no time has that of the line, mark or rotation before it in its log, so that it
stays behind these; the order within a log never changes. -n counts for each service.

Marks tell where runs begin and end: — web: run 3 started, pid 4711, 2026-11-23 12:35:03. They are
no part of the log and are shown on a terminal, or with --marks.

A TIME is like 10m (ago), 12:35, yesterday, 2026-11-23 12:35 or RFC 3339. It is exact where lines
begin with one (RFC 3339, 2026-11-23 12:35:03, 2026/11/23 12:35:03, syslog's, or JSON's with time,
timestamp or ts first); else what was written since the mark or rotation before it, or until the
mark behind it, is shown.

With --json each line is an object with label and line, each mark one with label and mark.

Examples:
  svcctl logs -n 100 web
  svcctl logs -f 'web-*' db
  svcctl logs --run last web
  svcctl logs --since 10m web")]
pub(crate) struct Arguments {
    /// The services' labels; * and ? stand for any letters, or one
    #[arg(required = true, value_name = "LABEL")]
    labels: Vec<String>,
    /// Only the last N lines
    #[arg(short = 'n', long, value_name = "N")]
    lines: Option<u64>,
    /// Go on with what comes
    #[arg(short, long)]
    follow: bool,
    /// Only what was written since then
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only what was written until then
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    until: Option<String>,
    /// Only what this run wrote: its number, last, or -1 for the one before the last
    #[arg(
        long,
        value_name = "N|last",
        value_parser = run_number,
        conflicts_with = "follow",
        allow_negative_numbers = true
    )]
    run: Option<i64>,
    /// What went to standard error, where that is another file
    #[arg(long)]
    stderr: bool,
    /// Show where runs begin and end, also when this is no terminal
    #[arg(long, overrides_with = "no_marks")]
    marks: bool,
    /// Show only what the services wrote
    #[arg(long)]
    no_marks: bool,
}

/// A run as the wire has it.
fn run_number(text: &str) -> Result<i64, String> {
    match text {
        "last" => Ok(0),
        number => number.parse().map_err(|_| format!("'{text}' is no run; write 3, last or -1")),
    }
}

/// One log on its way.
struct Shown {
    wanted: Logs,
    request: Option<Id>,
    log: Log,
}

impl Arguments {
    /// Passes text on as it comes.
    pub(crate) fn run(self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let verb = if self.follow { "follow" } else { "show" };
        let task = match self.labels.as_slice() {
            [label] => format!("{verb} the log of {label}"),
            labels => format!("{verb} the logs of {} services", labels.len()),
        };
        let now = Zoned::now();
        let time = |text: &Option<String>| {
            let time = text.as_deref().map(|text| read_when(text, &now)).transpose();
            time.map(|time| time.map(|time| time.to_string())).map_err(Error::Usage)
        };
        let (since, until) = (time(&self.since)?, time(&self.until)?);
        let mut client = Client::connect(place, task.as_str())?;
        let labels = labels::resolve(&mut client, &self.labels)?;
        if self.follow && FOLLOWED_MAX < labels.len() {
            let count = labels.len();
            return Err(Error::Usage(format!(
                "cannot follow the logs of {count} services: {FOLLOWED_MAX} at once is the limit"
            )));
        }
        let form = match labels.as_slice() {
            _ if output.is_json() => Form::Json,
            [_] => Form::Text,
            labels => Form::Named {
                width: labels.iter().map(|label| label.chars().count()).max().unwrap_or(0),
            },
        };
        let from_end = (self.follow && since.is_none()).then_some(FOLLOW_FROM);
        let is_for_people = output.is_terminal() && !output.is_json();
        let has_marks = self.marks || (!self.no_marks && is_for_people);
        let wanted = |label: String| Logs {
            label,
            lines: self.lines.or(from_end),
            follow: self.follow,
            from: None,
            stream: self.stderr.then_some(Stream::Stderr),
            run: self.run,
            since: since.clone(),
            until: until.clone(),
            marks: has_marks,
        };
        let is_coloured = output.is_coloured() && form != Form::Json;
        let shown = labels.into_iter().enumerate().map(|(place, label)| Shown {
            log: Log::new(label.clone(), form, is_coloured.then_some(place)),
            wanted: wanted(label),
            request: None,
        });
        let mut shown: Vec<Shown> = shown.collect();
        if self.follow {
            client.be_patient(None);
            return show(&mut client, output, &task, &mut shown);
        }
        if shown.len() == 1 {
            return show(&mut client, output, &task, &mut shown);
        }
        merge::show((place, &task), client, output, shown, has_marks)
    }
}

/// Shows all of them at once, each until the daemon says that this was it.
fn show(
    client: &mut Client,
    output: &mut Output,
    task: &str,
    shown: &mut [Shown],
) -> Result<Exit, Error> {
    let mut exit = Exit::Done;
    let is_alone = shown.len() == 1;
    ask(client, shown, |_| true)?;
    while shown.iter().any(|one| one.request.is_some()) {
        let incoming = match client.receive() {
            Err(Error::HungUp { .. }) if shown.iter().any(|one| one.wanted.follow) => {
                client.reconnect()?;
                ask(client, shown, |one| one.request.is_some())?;
                continue;
            }
            incoming => incoming?,
        };
        match incoming {
            Incoming::Log(LogText { request, text, next, mark, .. }) => {
                let one = shown.iter_mut().find(|one| one.request.as_ref() == Some(&request));
                let Some(one) = one else { continue };
                one.wanted.from = next.or(one.wanted.from);
                output.text(&one.log.text(&text))?;
                if let Some(mark) = mark {
                    output.text(&one.log.mark(&mark))?;
                }
            }
            Incoming::Response(response) => {
                let one = shown.iter_mut().find(|one| one.request.as_ref() == Some(&response.id));
                let Some(one) = one else {
                    return Err(client::stray(task, response.outcome.err()));
                };
                one.request = None;
                output.text(&one.log.end())?;
                match client::settle(task, response.outcome) {
                    Err(error @ Error::Refused(_)) if !is_alone => {
                        exit = exit.or(output.complain(&error));
                    }
                    outcome => drop(outcome?),
                }
            }
            Incoming::Event(_) | Incoming::Waiting(_) => return Err(client::stray(task, None)),
        }
        output.flush()?;
    }
    Ok(exit)
}

fn ask(
    client: &mut Client,
    shown: &mut [Shown],
    is_asked: impl Fn(&Shown) -> bool,
) -> Result<(), Error> {
    for one in shown.iter_mut().filter(|one| is_asked(one)) {
        one.request = Some(client.send(Call::Logs(one.wanted.clone()))?);
    }
    Ok(())
}
