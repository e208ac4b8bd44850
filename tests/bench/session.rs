//! One supervisor at work with its services, from its exec until nothing of it is left.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::fault::{Cannot as _, Fault, Outcome};
use crate::interrupt::{pause, wait_until};
use crate::peers::{Peer, Service, Shutdown, Site};
use crate::process::{self, Ends};
use crate::starts::{Moment, Starts};
use crate::tools::Tools;

/// How often the ledger is looked at; moments come from the ledger, so they are finer.
const STEP: Duration = Duration::from_micros(200);

/// Who has begun nothing for so long is looked for.
const SILENCE: Duration = Duration::from_secs(10);

/// A supervisor that was started, and the ledger of its services.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) peer: &'a dyn Peer,
    pub(crate) site: Site,
    pub(crate) began: Moment,
    pub(crate) starts: Starts,
    daemon: Child,
    ledger: TempDir,
    is_stopped: bool,
}

/// A new folder for a ledger or a supervisor.
pub(crate) fn folder(work: &Path) -> Outcome<TempDir> {
    let folder = tempfile::Builder::new().prefix("svbench-").tempdir_in(work);
    folder.cannot(format!("make a folder in {}", work.display()))
}

impl<'a> Session<'a> {
    /// Starts a supervisor whose definitions, one a service, are already there when it begins.
    /// Services are given by label and what the child shall do.
    pub(crate) fn begin(
        tools: &Tools,
        peer: &'a dyn Peer,
        services: &[(String, &str)],
    ) -> Outcome<Self> {
        let site = Site { folder: folder(&tools.work)?, services: services.len() };
        let ledger = folder(&tools.work)?;
        let starts = Starts::create(&ledger.path().join("ledger"))?;
        let services: Vec<Service> = services
            .iter()
            .map(|(label, mode)| Service {
                label: label.clone(),
                command: tools.child(&ledger.path().join("ledger"), label, mode),
            })
            .collect();
        peer.prepare(&site, &services)?;
        Self::launch(peer, site, starts, ledger)
    }

    fn launch(peer: &'a dyn Peer, site: Site, starts: Starts, ledger: TempDir) -> Outcome<Self> {
        let log = File::create(ledger.path().join("daemon.log")).cannot("create a log")?;
        let errors = log.try_clone().cannot("create a log")?;
        let mut command = peer.daemon(&site);
        command.stdin(Stdio::null()).stdout(log).stderr(errors).process_group(0);
        let began = Moment::now();
        let daemon = command.spawn().cannot(format!("start {:?}", command.get_program()))?;
        Ok(Self { peer, site, began, starts, daemon, ledger, is_stopped: false })
    }

    /// The ledger that its services sign.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.ledger.path().join("ledger")
    }

    /// What the daemon wrote on its standard output and error last.
    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.ledger.path().join("daemon.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(3).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
    }

    /// Returns when so many services have begun at least once.
    pub(crate) fn wait_for_boot(&mut self, count: usize) -> Outcome<()> {
        let limit =
            Duration::from_secs(60) + Duration::from_millis(20) * u32::try_from(count).unwrap_or(0);
        let (starts, peer, began) = (&mut self.starts, self.peer, Instant::now());
        let booted = wait_until("services to begin", limit, Duration::from_millis(2), || {
            starts.refresh()?;
            // Looked for only when nothing is measured any more.
            let is_silent = starts.latest.is_empty() && SILENCE < began.elapsed();
            if is_silent && peer.outside().is_none() && process::descendants().is_empty() {
                return Err(Fault("the supervisor ended".to_owned()));
            }
            Ok(count <= starts.latest.len())
        });
        booted.map_err(|fault| {
            let begun = self.starts.latest.len();
            Fault(format!("{fault}: {begun} of {count} began; {}", self.last_words()))
        })
    }

    /// Returns when that service has begun another run.
    pub(crate) fn wait_for_run(&mut self, label: &str, run: u32) -> Outcome<()> {
        let starts = &mut self.starts;
        wait_until(&format!("{label} to begin"), Duration::from_secs(20), STEP, || {
            starts.refresh()?;
            Ok(run <= starts.run_of(label))
        })
    }

    /// The supervisor's processes: all but the services.
    pub(crate) fn own_processes(&self) -> Vec<i32> {
        if let Some(pids) = self.peer.outside() {
            return pids;
        }
        let services: Vec<i32> = self.starts.latest.values().map(|start| start.pid).collect();
        let services = std::collections::HashSet::<i32>::from_iter(services);
        process::descendants().into_iter().filter(|pid| !services.contains(pid)).collect()
    }

    /// Waits until the supervisor has nothing more to do, if that comes.
    pub(crate) fn settle(&self) -> Outcome<()> {
        let mut before = process::usage(&self.own_processes());
        for _ in 0..20 {
            pause(Duration::from_millis(500))?;
            let now = process::usage(&self.own_processes());
            if now.cpu - before.cpu < 1.0 {
                return Ok(());
            }
            before = now;
        }
        Ok(())
    }

    /// Runs a client to its end; milliseconds of the whole run.
    pub(crate) fn ask(&self, mut command: Command) -> Outcome<f64> {
        let what = format!("run {command:?}");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let began = Moment::now();
        let status = command.status().cannot(&what)?;
        let took = Moment::now().since(began);
        if status.success() { Ok(took) } else { Err(Fault(format!("cannot {what}: {status}"))) }
    }

    /// Asks until the supervisor answers, and lists all services.
    pub(crate) fn wait_for_answers(&self) -> Outcome<()> {
        let (limit, step) = (Duration::from_secs(60), Duration::from_millis(20));
        let mut last = String::new();
        let answers = wait_until("the client to list all services", limit, step, || {
            let output = self.peer.list(&self.site).stdin(Stdio::null()).output();
            let output = output.cannot("run the client")?;
            let text = String::from_utf8_lossy(&output.stdout);
            last = format!("{text}{}", String::from_utf8_lossy(&output.stderr));
            // 3 is what some say when not everything runs.
            let is_answer = matches!(output.status.code(), Some(0 | 3));
            Ok(is_answer && self.site.services <= things(&text))
        });
        answers.map_err(|fault| Fault(format!("{fault}: {}", last.lines().last().unwrap_or(""))))
    }

    /// Stops everything as the supervisor's own users would; milliseconds until nothing is left.
    pub(crate) fn stop_all(&mut self, limit: Duration) -> Outcome<f64> {
        self.is_stopped = true;
        self.starts.refresh()?;
        let services = self.starts.latest.values().map(|start| start.pid);
        let own = if self.peer.outside().is_some() { Vec::new() } else { self.own_processes() };
        let ends = Ends::of(services.chain(own))?;
        let began = Moment::now();
        match self.peer.shutdown(&self.site) {
            Shutdown::Signal(signal) => {
                process::signal(i32::try_from(self.daemon.id()).cannot("signal it")?, signal)?;
            }
            Shutdown::Client(command) => {
                self.ask(command)?;
            }
        }
        ends.wait(limit)?;
        Ok(Moment::now().since(began))
    }
}

/// How many services a list has: one in a line, or many in one line of JSON.
fn things(text: &str) -> usize {
    text.lines().count().max(text.matches("\"pid\":").count())
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        // An orderly end first, so that nothing stays in places that only the supervisor knows.
        if !self.is_stopped {
            let _ = self.stop_all(Duration::from_secs(20));
        }
        self.peer.clean(&self.site);
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        if let Err(fault) = process::end_all() {
            eprintln!("bench: {fault}");
        }
    }
}
