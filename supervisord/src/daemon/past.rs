//! What a daemon leaves to the next one, and what this one does with what it found.

use std::time::Duration;

use supervisor_core::{self as core, Left, Past, Run, ServiceId};

use super::Daemon;
use crate::control::why;
use crate::launch;
use crate::os::{Identity, News, Reach};
use crate::store::record::Record;
use crate::store::runs::Pasts;

/// Pause before a journal that could not be written is tried again.
const RETRY: Duration = Duration::from_millis(250);

impl Daemon {
    /// What the service did under an earlier daemon, its processes taken over.
    pub(super) fn past(&mut self, id: ServiceId, label: &str, reach: Reach) -> Option<Past> {
        let record = self.pasts.remove(label);
        let (runs, process) = match &record {
            Some(record) => (record.runs, record.process.as_ref()),
            None => (0, None),
        };
        let run = Run { service: id, number: runs };
        let left = self.processes.adopt(run, label, process, reach);
        let was_alive = process.is_some();
        let told = process.and_then(|process| self.processes.ended_before(process));
        match left {
            Left::Main => log::info!("{label}: found running, pid {:?}", self.processes.pid(run)),
            Left::Others => log::warn!("{label}: processes were found whose run is over"),
            Left::Nothing if record.is_none() => return None,
            Left::Nothing => {}
        }
        let now = self.clock.now();
        let mut memory = record.unwrap_or_default().memory(now);
        if let (Left::Others | Left::Nothing, Some(exit)) = (left, told) {
            // It ended while no daemon was there, and the service manager kept how.
            memory.ended = core::Ended::Exit { exit, asked: false };
            (memory.ended_run, memory.since) = (memory.runs, now);
        }
        match (left, self.processes.pid(run)) {
            (Left::Main, Some(pid)) => self.logs.found(id, label, runs, pid),
            (Left::Others | Left::Nothing, _) if was_alive => {
                let how = why::exit(told.unwrap_or(core::Exit::Unknown));
                self.logs.found_ended(id, label, runs, how);
            }
            (Left::Main | Left::Others | Left::Nothing, _) => {}
        }
        Some(Past { memory, left })
    }

    /// Marks a log where a run ends, and tells it the process of one that began.
    pub(super) fn note_in_log(&self, news: &News) {
        let run = news.run();
        let Some(entry) = self.registry.get(run.service) else { return };
        let (service, label, number) = (run.service, &entry.label, run.number);
        match news {
            News::Spawned { pid, .. } => self.logs.spawned(service, label, number, *pid),
            News::SpawnFailed { error, .. } => {
                self.logs.ended(service, label, number, format!("could not start: {error}"));
            }
            News::Exited { exit, .. } => {
                self.logs.ended(service, label, number, why::exit(*exit));
            }
            News::Cleared { .. } => {}
        }
    }

    /// Processes of services that are not loaded: ended when their definitions are gone, left alone
    /// while a file can't be read, since it may be theirs.
    pub(crate) fn see_to_orphans(&mut self, is_complete: bool) {
        if !is_complete {
            for (label, record) in &self.pasts {
                let Some(Identity { pid, .. }) = record.process else { continue };
                log::warn!("{label}: pid {pid} goes on by itself until its definition is loaded");
            }
            return;
        }
        for (label, record) in std::mem::take(&mut self.pasts) {
            // Ids of services count up from 1, these down: they never meet.
            self.strays += 1;
            let nobody = Run { service: ServiceId(u32::MAX - self.strays), number: 0 };
            let process = record.process.as_ref();
            let reach = if record.abandons { Reach::Process } else { Reach::Tree };
            if self.processes.end_stray(nobody, &label, process, reach) {
                log::warn!("{label}: its definition is gone, ending what it left");
            }
            self.runs.note(&label, None);
        }
        self.processes.settle_past();
    }

    /// Notes how a service stands, for the next daemon.
    pub(super) fn note_run(&mut self, id: ServiceId) {
        let Some(service) = self.supervisor.service(id) else { return };
        let record = self.record(id, service);
        self.runs.note(service.label(), record);
    }

    /// Writes what was noted in this turn: first what happened, for a daemon that dies in between
    /// is followed by one that finds runs as they were and tells nothing twice.
    pub(super) fn write_down(&mut self) {
        let is_written = self.chronicle.journal.flush();
        let due = self.history_due.filter(|due| self.clock.now() < *due);
        let again = || due.unwrap_or_else(|| self.clock.now() + RETRY);
        self.history_due = (!is_written).then(again);
        self.write_runs();
    }

    /// Writes what was noted of runs. True when a next daemon would find all of it.
    pub(super) fn write_runs(&mut self) -> bool {
        if self.runs.flush() {
            return true;
        }
        let now = self.clock.now();
        if self.runs_due.is_some_and(|due| now < due) {
            return false;
        }
        let services = self.supervisor.services();
        let records =
            services.filter_map(|(id, one)| Some((one.label().to_string(), self.record(id, one)?)));
        let pasts: Pasts = records.chain(self.pasts.clone()).collect();
        let written = self.runs.renew(&pasts);
        match (&written, self.runs_due) {
            (Ok(()), Some(_)) => log::info!("what runs is written down again"),
            (Err(error), None) => self.runs.complain(error),
            (Ok(()), None) | (Err(_), Some(_)) => {}
        }
        self.runs_due = written.is_err().then(|| now + RETRY);
        written.is_ok()
    }

    pub(super) fn record(&self, id: ServiceId, service: &core::Service) -> Option<Record> {
        let memory = service.memory()?;
        let process = service.state().run().and_then(|run| self.processes.identity(run));
        let entry = self.registry.get(id);
        let reach = entry.map(|entry| launch::reach(&entry.definition)).unwrap_or_default();
        let abandons = reach == Reach::Process;
        Some(Record::new(&memory, process, abandons))
    }
}
