//! s6: a scanner and a process a service, run scripts, a client a question.

use std::path::PathBuf;
use std::process::Command;

use nix::sys::signal::Signal;

use super::{Peer, Service, Shutdown, Site, packaged, which};
use crate::fault::Outcome;

#[derive(Debug)]
pub(super) struct S6 {
    scanner: PathBuf,
}

impl S6 {
    pub(super) fn find() -> Option<Self> {
        Some(Self { scanner: which("s6-svscan")? })
    }

    fn tell(site: &Site, label: &str, words: [&str; 4]) -> Command {
        let mut command = Command::new("s6-svc");
        command.args(words).arg(site.path("scan").join(label));
        command
    }
}

impl Peer for S6 {
    fn name(&self) -> &'static str {
        "s6"
    }

    fn about(&self) -> String {
        format!("{}; pauses 1 s after every death", packaged("s6"))
    }

    fn prepare(&self, site: &Site, services: &[Service]) -> Outcome<()> {
        services.iter().try_for_each(|service| {
            site.write_script(&format!("scan/{}/run", service.label), service)
        })
    }

    fn daemon(&self, site: &Site) -> Command {
        let mut command = Command::new(&self.scanner);
        command.arg("-c").arg((site.services + 20).to_string()).arg(site.path("scan"));
        command
    }

    fn list(&self, site: &Site) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg("for each in scan/*; do s6-svstat $each; done");
        command.current_dir(site.folder.path());
        command
    }

    fn status(&self, site: &Site, label: &str) -> Command {
        let mut command = Command::new("s6-svstat");
        command.arg(site.path("scan").join(label));
        command
    }

    fn stop(&self, site: &Site, label: &str) -> Command {
        Self::tell(site, label, ["-wD", "-T", "20000", "-d"])
    }

    fn start(&self, site: &Site, label: &str) -> Command {
        Self::tell(site, label, ["-wu", "-T", "20000", "-u"])
    }

    fn shutdown(&self, _: &Site) -> Shutdown {
        Shutdown::Signal(Signal::SIGTERM)
    }
}
