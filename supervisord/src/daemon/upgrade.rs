//! `upgrade`: the daemon becomes another program in the same process, and no service notices.
//!
//! The new program first proves, as a child, that it can read what this one keeps. Then nothing
//! more is read from clients, what is under way ends, and the new one finds everything by lock,
//! socket and journals. Whatever fails leaves this daemon as it was.

use std::ffi::OsString;
use std::io::PipeReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::message::Reason;
use supervisor_core::{Exit, Moment, Run, ServiceId};
use tokio::task;

use super::Daemon;
use crate::arguments;
use crate::control::reply::Reply;
use crate::control::why;
use crate::lines;
use crate::os::{self, Launch, News, Stdio};

/// The check's process is a run of nobody; ids of strays count down from above.
const CHECK: ServiceId = ServiceId(u32::MAX);

/// What a program says that can take over; `true` can't.
pub const PASSED: &str = "supervisord: self-check passed";

/// How long a new program may take over its self-check.
const PATIENCE: Duration = Duration::from_secs(10);

/// Rounds in which sessions write answers that were given, before the program is another.
const ROUNDS: usize = 16;

/// How far an upgrade is.
#[derive(Debug)]
pub(crate) struct Upgrade {
    program: PathBuf,
    reply: Reply,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The new program proves itself; what it says comes through the pipe.
    Checking { says: PipeReader, until: Moment },
    /// It may take over as soon as nothing is under way.
    Ready,
}

impl Upgrade {
    /// When the check has taken too long.
    pub(super) fn deadline(&self) -> Option<Moment> {
        match self.stage {
            Stage::Checking { until, .. } => Some(until),
            Stage::Ready => None,
        }
    }
}

impl Daemon {
    /// Begins an upgrade to the program at that path, or to the one this daemon was started from.
    pub(crate) fn upgrade(&mut self, program: Option<PathBuf>, reply: Reply) {
        let refuse = |reply: Reply, cause: &str| {
            reply.refuse(Reason::Failed, format!("cannot upgrade: {cause}"));
        };
        if self.upgrade.is_some() {
            return refuse(reply, "another upgrade is under way");
        }
        let Some(program) = program.or_else(|| self.program.clone()) else {
            return refuse(reply, "the program is unknown; name it: svcctl upgrade PATH");
        };
        if !program.is_absolute() {
            return refuse(reply, "the path is not absolute");
        }
        let (reader, writer) = match std::io::pipe() {
            Ok(pipe) => pipe,
            Err(error) => return refuse(reply, &format!("pipe: {error}")),
        };
        let says = Stdio::Handle(std::sync::Arc::new(writer.into()));
        let mut arguments = vec![program.clone().into_os_string()];
        arguments.extend(self.arguments.iter().cloned());
        arguments.push("--self-check".into());
        let launch = Launch {
            arguments,
            environment: std::env::vars_os().collect(),
            stdout: says.clone(),
            stderr: says,
            ..Launch::new("supervisord upgrade", &program)
        };
        self.checks += 1;
        self.processes.spawn(Run { service: CHECK, number: self.checks }, launch);
        let stage = Stage::Checking { says: reader, until: self.clock.now() + PATIENCE };
        self.upgrade = Some(Upgrade { program, reply, stage });
    }

    /// Ends a check that takes too long.
    pub(super) fn give_up_check(&mut self) {
        let until = self.upgrade.as_ref().and_then(Upgrade::deadline);
        if until.is_some_and(|until| until <= self.clock.now()) {
            self.processes.kill(Run { service: CHECK, number: self.checks });
            self.processes.forget(CHECK);
            let seconds = PATIENCE.as_secs();
            self.judge_check(Err(format!("it was not done after {seconds} s")));
        }
    }

    /// Takes news about the check; gives back what is about anything else.
    pub(super) fn hear_check(&mut self, news: News) -> Option<News> {
        let run = news.run();
        if run.service != CHECK {
            return Some(news);
        }
        let is_present = run.number == self.checks;
        let verdict = match news {
            News::Spawned { .. } | News::Cleared { .. } => None,
            News::SpawnFailed { error, .. } => Some(Err(error.to_string())),
            News::Exited { exit: Exit::Code(0), .. } => Some(Ok(())),
            News::Exited { exit, .. } => Some(Err(why::exit(exit))),
        };
        if let (true, Some(verdict)) = (is_present, verdict) {
            self.processes.forget(CHECK);
            self.judge_check(verdict);
        }
        None
    }

    fn judge_check(&mut self, verdict: Result<(), String>) {
        let Some(Upgrade { program, reply, stage: Stage::Checking { says, .. } }) =
            self.upgrade.take()
        else {
            return;
        };
        let said = os::read_what_is_there(says);
        let said = String::from_utf8_lossy(&said);
        match verdict {
            Ok(()) if said.trim() == PASSED => {
                for service in self.pending.unstored.clone() {
                    self.store_goal(service);
                }
                if self.runs_due.is_some() {
                    self.runs_due = Some(self.clock.now());
                }
                self.upgrade = Some(Upgrade { program, reply, stage: Stage::Ready });
            }
            verdict => {
                let cause = match &verdict {
                    Ok(()) => "it is no supervisord",
                    Err(_) if !said.trim().is_empty() => said.trim(),
                    Err(cause) => cause,
                };
                let name = program.display();
                let sentence =
                    format!("cannot upgrade to {name}: it failed its self-check: {cause}");
                log::error!("{sentence}");
                reply.refuse(Reason::Failed, sentence);
            }
        }
    }

    /// No more requests are read, since an upgrade only waits for the ones under way.
    pub(super) fn is_closing(&self) -> bool {
        self.upgrade.as_ref().is_some_and(|upgrade| matches!(upgrade.stage, Stage::Ready))
    }

    /// Becomes the new program, once nothing is under way that would be lost.
    pub(super) async fn try_upgrade(&mut self) {
        let is_settled = self.processes.is_settled() && self.pending.is_settled();
        if !self.is_closing() || !is_settled || !self.pipes.is_settled() {
            return;
        }
        let Some(Upgrade { program, reply, .. }) = self.upgrade.take() else { return };
        // A history that can't be written is no reason to stay.
        let _ = self.chronicle.journal.flush();
        if !self.pending.unstored.is_empty() || !self.write_runs() {
            let name = program.display();
            let sentence = format!(
                "cannot upgrade to {name}: what it would have to know can't be written (see the log)"
            );
            return reply.refuse(Reason::NotStored, sentence);
        }
        self.logs.flush().await;
        for _ in 0..ROUNDS {
            task::yield_now().await;
        }
        log::info!("becoming {}", program.display());
        lines::let_go();
        let mut lent = vec![self.lock.handle(), os::lend(&self.socket)];
        lent.extend(self.sockets.handles().map(os::lend));
        let pipes = self.pipes.handles();
        lent.extend(pipes.iter().map(|(_, pipe)| os::lend(pipe)));
        let error = os::become_daemon(&program, &self.arguments, &lent);
        let sentence = format!("cannot upgrade to {}: exec: {error}", program.display());
        log::error!("{sentence}");
        reply.refuse(Reason::Failed, sentence);
    }
}

/// What a next program is started with: the same domain, log and limits, never the way to
/// background.
#[must_use]
pub fn arguments(
    domain: &protocol::address::Domain,
    asked: &arguments::Daemon,
    log_file: Option<&Path>,
) -> Vec<OsString> {
    use protocol::address::Domain;
    let mut arguments: Vec<OsString> = match domain {
        Domain::System => vec!["--system".into()],
        Domain::User => vec!["--user".into()],
        Domain::Base(base) => vec!["--base".into(), base.clone().into_os_string()],
    };
    arguments.extend(["--log".into(), asked.log.clone().into()]);
    if let Some(seconds) = asked.shutdown_timeout {
        arguments.extend(["--shutdown-timeout".into(), seconds.to_string().into()]);
    }
    if let Some(file) = log_file {
        arguments.extend(["--log-file".into(), file.into()]);
    }
    arguments
}
