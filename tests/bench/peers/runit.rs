//! runit: runsvdir and a process a service, run scripts, `sv` for all questions.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use nix::sys::signal::Signal;

use super::{Peer, Service, Shutdown, Site, packaged, which};
use crate::fault::{Cannot as _, Outcome};

#[derive(Debug)]
pub(super) struct Runit {
    scanner: PathBuf,
    sv: PathBuf,
}

impl Runit {
    pub(super) fn find() -> Option<Self> {
        Some(Self { scanner: which("runsvdir")?, sv: which("sv")? })
    }

    fn ask(&self, site: &Site, word: &str, label: &str) -> Command {
        let mut command = Command::new(&self.sv);
        command.arg(word).arg(site.path("scan").join(label));
        command
    }
}

impl Peer for Runit {
    fn name(&self) -> &'static str {
        "runit"
    }

    fn about(&self) -> String {
        format!("{}; pauses 1 s after a run shorter than 1 s", packaged("runit"))
    }

    fn most(&self) -> Option<(usize, &'static str)> {
        Some((1000, "runsvdir takes no more than 1000 services"))
    }

    fn prepare(&self, site: &Site, services: &[Service]) -> Outcome<()> {
        for service in services {
            site.write_script(&format!("scan/{}/run", service.label), service)?;
        }
        // A folder that changed in this very second lets runsvdir sleep for one.
        let earlier = SystemTime::now() - Duration::from_secs(100);
        let folder = File::open(site.path("scan")).cannot("open the scanned folder")?;
        folder.set_modified(earlier).cannot("set the time of the scanned folder")
    }

    fn daemon(&self, site: &Site) -> Command {
        let mut command = Command::new(&self.scanner);
        command.arg(site.path("scan"));
        command
    }

    fn list(&self, site: &Site) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("exec sv status {}/*", site.path("scan").display()));
        command
    }

    fn status(&self, site: &Site, label: &str) -> Command {
        self.ask(site, "status", label)
    }

    fn stop(&self, site: &Site, label: &str) -> Command {
        self.ask(site, "stop", label)
    }

    fn start(&self, site: &Site, label: &str) -> Command {
        self.ask(site, "start", label)
    }

    fn shutdown(&self, _: &Site) -> Shutdown {
        Shutdown::Signal(Signal::SIGHUP)
    }
}
