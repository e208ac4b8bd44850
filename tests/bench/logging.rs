//! Throughput of a log with one writer, through everything that can stand between it and the disk.
//!
//! Every line is numbered, and looked for in the log afterwards.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::fault::{Cannot as _, Fault, Outcome};
use crate::interrupt::wait_until;
use crate::metric;
use crate::options::Amounts;
use crate::peers::{self, Ours, Peer as _, Service};
use crate::process::{self, end_all};
use crate::results::real;
use crate::run::Notes;
use crate::session::{Session, folder};
use crate::starts::{Moment, Starts};
use crate::tools::Tools;

/// Bytes of a line, its end included, and of the number it begins with.
const LINE: usize = 100;
const DIGITS: usize = 12;
const LABEL: &str = "writer";

/// Bytes of each write that are measured: a line each, and many at once.
pub(crate) const WRITES: [usize; 2] = [LINE, 4096];

/// Measures one of the loggers.
pub(crate) fn measure(
    tools: &Tools,
    logger: &str,
    amounts: &Amounts,
    notes: &mut Notes,
) -> Outcome<()> {
    let logs = folder(&tools.log_work)?;
    let lines = amounts.log_mib * (1 << 20) / LINE;
    let job =
        Job { tools, logs: logs.path(), lines, bytes: notes.scale, limit: amounts.log_mib << 18 };
    let outcome = match logger {
        "ours-file" => job.supervised("File"),
        "ours-pipe" => job.supervised("Pipe"),
        _ => job.piped(logger),
    };
    end_all()?;
    let work = outcome?;
    if !matches!(logger, "direct" | "cat") && job.files().len() < 2 {
        return Err(Fault("its log was not rotated".to_owned()));
    }
    let has_times = matches!(logger, "ours-pipe" | "s6-log-t" | "svlogd-t");
    let found = job.look_through(has_times)?;
    notes.take(&metric::LOG_RATE, real(lines * LINE) / 1000.0 / work.took);
    notes.take(&metric::LOG_CPU, work.cpu / 1000.0 * 1024.0 / real(amounts.log_mib));
    notes.take(&metric::LOG_LOST, real(lines - found));
    Ok(())
}

/// Whether a logger can be measured, and who must be wanted for it.
pub(crate) fn belongs_to(logger: &str) -> (&'static str, bool) {
    match logger {
        "ours-file" | "ours-pipe" => ("ours", true),
        "s6-log" | "s6-log-t" => ("s6", peers::which("s6-log").is_some()),
        "svlogd" | "svlogd-t" => ("runit", peers::which("svlogd").is_some()),
        _ => ("floor", true),
    }
}

struct Job<'a> {
    tools: &'a Tools,
    logs: &'a Path,
    lines: usize,
    bytes: usize,
    /// Bytes at which a log is rotated.
    limit: usize,
}

/// Milliseconds.
struct Work {
    took: f64,
    cpu: f64,
}

impl Job<'_> {
    fn mode(&self) -> String {
        format!("log {} {}", self.lines, self.bytes)
    }

    /// The writer's output is the file, or a pipe to a program that keeps the log.
    fn piped(&self, logger: &str) -> Outcome<Work> {
        let ledger = folder(&self.tools.work)?;
        let path = ledger.path().join("ledger");
        let mut starts = Starts::create(&path)?;
        let words = self.tools.child(&path, LABEL, &self.mode());
        let mut writer = Command::new(&words[0]);
        writer.args(&words[1..]).stdin(Stdio::null());
        match self.keeper(logger)? {
            None => writer.stdout(self.file("log")?),
            Some(mut keeper) => {
                let mut keeper =
                    keeper.stdin(Stdio::piped()).spawn().cannot(format!("start {logger}"))?;
                writer.stdout(keeper.stdin.take().expect("its input is a pipe"))
            }
        };
        let child = writer.spawn().cannot("start the writer")?;
        let child = i32::try_from(child.id()).cannot("know the writer")?;
        // Only the writer may hold the pipe.
        drop(writer);
        let took = self.finish(&mut starts, logger == "direct")?;
        let keepers: Vec<i32> =
            process::descendants().into_iter().filter(|pid| *pid != child).collect();
        Ok(Work { took, cpu: process::usage(&keepers).cpu })
    }

    fn file(&self, name: &str) -> Outcome<File> {
        let path = self.logs.join(name);
        let file = File::options().append(true).create(true).open(&path);
        file.cannot(format!("create {}", path.display()))
    }

    fn keeper(&self, logger: &str) -> Outcome<Option<Command>> {
        let limit = self.limit;
        Ok(match logger {
            "direct" => None,
            "cat" => {
                let mut command = Command::new("cat");
                command.stdout(self.file("log")?);
                Some(command)
            }
            "s6-log" | "s6-log-t" => {
                let mut command = Command::new("s6-log");
                command.args(logger.ends_with("-t").then_some("t"));
                command.args(["n30", &format!("s{limit}")]).arg(self.logs);
                Some(command)
            }
            _ => {
                let settings = format!("s{limit}\nn30\n");
                fs::write(self.logs.join("config"), settings).cannot("write svlogd's settings")?;
                let mut command = Command::new("svlogd");
                command.args(logger.ends_with("-t").then_some("-tt")).arg(self.logs);
                command.stderr(Stdio::null());
                Some(command)
            }
        })
    }

    /// The writer is a service of ours.
    fn supervised(&self, mode: &str) -> Outcome<Work> {
        let ours = Ours::new(self.tools);
        let further = json!({
            "RunAtLoad": false,
            "StandardOutPath": self.logs.join("log"),
            "Supervisor": { "Log": {
                "Mode": mode, "MaxSize": self.limit, "Keep": 30, "Compress": false,
                "Timestamps": mode == "Pipe",
            } },
        });
        let mut session = Session::begin(self.tools, &ours, &[])?;
        let service = Service {
            label: LABEL.to_owned(),
            command: self.tools.child(&session.ledger(), LABEL, &self.mode()),
        };
        let definition = session.site.path("writer.plist");
        fs::write(&definition, peers::property_list_of(&service, &further))
            .cannot("write a definition")?;
        session.wait_for_answers()?;
        session.ask(ours.ask(&session.site, &["add", &definition.display().to_string()]))?;
        session.settle()?;
        let pids = session.own_processes();
        let before = process::usage(&pids).cpu;
        session.ask(ours.start(&session.site, LABEL))?;
        let took = self.finish(&mut session.starts, mode == "File")?;
        // The writer is never held up by a rotation, which costs what it costs when it comes.
        let (limit, step) = (Duration::from_secs(5), Duration::from_millis(20));
        let _ = wait_until("a rotation", limit, step, || Ok(1 < self.files().len()));
        session.settle()?;
        let cpu = process::usage(&pids).cpu - before;
        session.stop_all(Duration::from_secs(30))?;
        Ok(Work { took, cpu })
    }

    /// Milliseconds from the first line to the last: written, or seen in the log if another writes.
    fn finish(&self, starts: &mut Starts, is_direct: bool) -> Outcome<f64> {
        let limit = Duration::from_secs(300);
        let step = Duration::from_millis(1);
        wait_until("the writer to write all", limit, step, || {
            starts.refresh()?;
            Ok(starts.log_ended.is_some())
        })?;
        if !is_direct {
            wait_until("the last line in the log", limit, step, || Ok(self.has_last_line()))?;
        }
        let now = Moment::now();
        let end = starts.log_ended.filter(|_| is_direct).unwrap_or(now);
        let began = starts.log_began.unwrap_or(end);
        Ok(end.since(began))
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.logs).into_iter().flatten().flatten();
        let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
        let others = ["config", "lock", "state"];
        files.retain(|path| path.is_file() && !others.iter().any(|other| path.ends_with(other)));
        files
    }

    fn has_last_line(&self) -> bool {
        let last = format!("{:012} ", self.lines - 1);
        self.files().iter().any(|path| {
            let mut tail = [0; 4 * LINE];
            let read = File::open(path).and_then(|file| {
                let from = file.metadata()?.len().saturating_sub(tail.len() as u64);
                file.read_at(&mut tail, from)
            });
            let tail = &tail[..read.unwrap_or_default()];
            tail.ends_with(b"\n") && tail.windows(last.len()).any(|part| part == last.as_bytes())
        })
    }

    /// How many different lines are whole in the log.
    fn look_through(&self, has_times: bool) -> Outcome<usize> {
        let mut found = vec![false; self.lines];
        for path in self.files() {
            let text = fs::read(&path).cannot(format!("read {}", path.display()))?;
            for line in text.split(|byte| *byte == b'\n') {
                let Some(start) = line.len().checked_sub(LINE - 1) else { continue };
                if has_times && start == 0 {
                    return Err(Fault("its lines have no times".to_owned()));
                }
                let line = &line[start..];
                let is_whole =
                    line[DIGITS] == b' ' && line[DIGITS + 1..].iter().all(|byte| *byte == b'x');
                let number = str::from_utf8(&line[..DIGITS]).ok();
                let number = number.and_then(|text| text.parse::<usize>().ok());
                if let Some(place) = number.and_then(|number| found.get_mut(number)) {
                    *place |= is_whole;
                }
            }
        }
        Ok(found.into_iter().filter(|is_there| *is_there).count())
    }
}
