//! `svcctl logs LABEL`

use clap::Args;
use protocol::message::{Call, Incoming, Logs, Stream};

use crate::client::{self, Client};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;

/// How many lines of the past `-f` begins with.
const FOLLOW_FROM: u64 = 10;

/// Show what a service wrote
#[derive(Debug, Args)]
#[command(after_help = "\
Without -n all of the log is shown, with -f its last 10 lines and what comes. Following ends when
the service is removed. With --json each line is an object with label and line.")]
pub(crate) struct Arguments {
    /// The service's label
    label: String,
    /// Only the last N lines
    #[arg(short = 'n', long, value_name = "N")]
    lines: Option<u64>,
    /// Go on with what comes
    #[arg(short, long)]
    follow: bool,
    /// What went to standard error, where that is another file
    #[arg(long)]
    stderr: bool,
}

impl Arguments {
    /// Passes text on as it comes.
    pub(crate) fn run(self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let verb = if self.follow { "follow" } else { "show" };
        let task = format!("{verb} the log of {}", self.label);
        let mut client = Client::connect(place, task.as_str())?;
        let mut wanted = Logs {
            label: self.label.clone(),
            lines: self.lines.or(self.follow.then_some(FOLLOW_FROM)),
            follow: self.follow,
            from: None,
            stream: self.stderr.then_some(Stream::Stderr),
            run: None,
            since: None,
            until: None,
            marks: false,
        };
        let mut request = client.send(Call::Logs(wanted.clone()))?;
        if self.follow {
            client.be_patient(None);
        }
        let mut lines = Lines::default();
        loop {
            let incoming = match client.receive() {
                Err(Error::HungUp { .. }) if self.follow => {
                    client.reconnect(place)?;
                    request = client.send(Call::Logs(wanted.clone()))?;
                    continue;
                }
                incoming => incoming?,
            };
            match incoming {
                Incoming::Log(log) => {
                    wanted.from = log.next.or(wanted.from);
                    if output.is_json() {
                        lines.feed(&log.text, |line| object(output, &self.label, line))?;
                    } else {
                        output.text(&log.text)?;
                    }
                }
                Incoming::Response(response) if response.id == request => {
                    lines.end(|line| object(output, &self.label, line))?;
                    client::settle(&task, response.outcome)?;
                    return Ok(Exit::Done);
                }
                Incoming::Response(response) => {
                    return Err(client::stray(&task, response.outcome.err()));
                }
            }
            output.flush()?;
        }
    }
}

fn object(output: &mut Output, label: &str, line: &str) -> Result<(), Error> {
    output.line(serde_json::json!({ "label": label, "line": line }))
}

/// Cuts text that comes in pieces into lines.
#[derive(Default)]
struct Lines {
    begun: String,
}

impl Lines {
    fn feed(
        &mut self,
        text: &str,
        mut line: impl FnMut(&str) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for piece in text.split_inclusive('\n') {
            self.begun.push_str(piece);
            if let Some(whole) = self.begun.strip_suffix('\n') {
                line(whole)?;
                self.begun.clear();
            }
        }
        Ok(())
    }

    fn end(&self, mut line: impl FnMut(&str) -> Result<(), Error>) -> Result<(), Error> {
        if self.begun.is_empty() { Ok(()) } else { line(&self.begun) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, Lines};

    fn keep(seen: &mut Vec<String>, line: &str) -> Result<(), Error> {
        seen.push(line.to_owned());
        Ok(())
    }

    #[test]
    fn lines_are_whole_however_they_were_cut() {
        let text = "one\n\ntwo\nthree";
        for cut in 1..text.len() {
            let (mut lines, mut seen) = (Lines::default(), Vec::new());
            for piece in text.as_bytes().chunks(cut) {
                let piece = std::str::from_utf8(piece).unwrap();
                lines.feed(piece, |line| keep(&mut seen, line)).unwrap();
            }
            lines.end(|line| keep(&mut seen, line)).unwrap();
            assert_eq!(seen, ["one", "", "two", "three"], "cut every {cut}");
        }
    }
}
