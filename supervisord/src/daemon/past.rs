//! What a daemon leaves to the next one, and what this one does with what it found.

use supervisor_core::{self as core, Left, Past, Run, ServiceId};

use super::Daemon;
use crate::store::runs::{End, Pasts, Record};

impl Daemon {
    /// What the service did under an earlier daemon, its processes taken over.
    pub(super) fn past(&mut self, id: ServiceId, label: &str, abandon: bool) -> Option<Past> {
        let record = self.pasts.remove(label);
        let (runs, process) = match &record {
            Some(record) => (record.runs, record.process.as_ref()),
            None => (0, None),
        };
        let run = Run { service: id, number: runs };
        let left = self.processes.adopt(run, label, process, abandon);
        let was_alive = process.is_some();
        let ended = record.and_then(|record| record.ended);
        match left {
            Left::Main => log::info!("{label}: found running, pid {:?}", self.processes.pid(run)),
            Left::Others => log::warn!("{label}: processes were found whose run is over"),
            Left::Nothing if runs == 0 => return None,
            Left::Nothing => {}
        }
        let ended = match left {
            // It ended while no daemon was there.
            Left::Others | Left::Nothing if was_alive => Some(End::Unknown),
            Left::Others | Left::Nothing | Left::Main => ended,
        };
        let ended = ended.map_or(core::Ended::Never, core::Ended::from);
        Some(Past { runs, ended, left })
    }

    /// Processes of services that are not loaded: ended when their definitions are gone, left alone
    /// while a file can't be read, since it may be theirs.
    pub(super) fn see_to_orphans(&mut self, is_complete: bool) {
        for (place, (label, record)) in (0..).zip(&self.pasts) {
            let Some(process) = &record.process else { continue };
            if is_complete {
                log::warn!("{label}: its definition is gone, ending what it left");
                // Ids of services count up from 1, these down: they never meet.
                let nobody = Run { service: ServiceId(u32::MAX - place), number: 0 };
                self.processes.end_stray(nobody, label, process);
            } else {
                let pid = process.pid;
                log::warn!("{label}: pid {pid} goes on by itself until its definition is loaded");
            }
        }
        if is_complete {
            for label in std::mem::take(&mut self.pasts).into_keys() {
                self.runs.note(&label, None);
            }
        }
    }

    /// Notes how a service stands, for the next daemon.
    pub(super) fn note_run(&mut self, id: ServiceId) {
        let Some(service) = self.supervisor.service(id) else { return };
        let record = self.record(service);
        self.runs.note(service.label(), Some(record));
    }

    /// Writes what was noted in this turn.
    pub(super) fn write_runs(&mut self) {
        if self.runs.flush() {
            let services = self.supervisor.services();
            let records = services
                .filter(|(_, service)| service.runs() != 0)
                .map(|(_, service)| (service.label().to_string(), self.record(service)));
            let pasts: Pasts = records.chain(self.pasts.clone()).collect();
            self.runs.renew(&pasts);
        }
    }

    fn record(&self, service: &core::Service) -> Record {
        Record {
            runs: service.runs(),
            process: service.state().run().and_then(|run| self.processes.identity(run)),
            ended: End::of(service.ended()),
        }
    }
}
