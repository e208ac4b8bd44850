//! dinit: one process, an event loop, a binary protocol.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use super::{Peer, Program, Service, Shutdown, Site, version, which};
use crate::fault::Outcome;

#[derive(Debug)]
pub(super) struct Dinit {
    dinit: PathBuf,
    dinitctl: PathBuf,
}

impl Dinit {
    pub(super) fn find() -> Option<Self> {
        Some(Self { dinit: which("dinit")?, dinitctl: which("dinitctl")? })
    }

    fn ask(&self, site: &Site, words: &[&str]) -> Command {
        let mut command = Command::new(&self.dinitctl);
        command.arg("-p").arg(site.path("socket")).args(words);
        command
    }
}

impl Peer for Dinit {
    fn name(&self) -> &'static str {
        "dinit"
    }

    fn about(&self) -> String {
        let version = version(&self.dinit, &["--version"]);
        format!("{version}; restart-delay 0, no restart limit, smooth-recovery")
    }

    fn prepare(&self, site: &Site, services: &[Service]) -> Outcome<()> {
        let mut boot = String::from("type = internal\n");
        for service in services {
            let text = format!(
                "type = process\ncommand = {}\nrestart = true\nrestart-delay = 0\n\
                 restart-limit-count = 0\nsmooth-recovery = true\n",
                service.line()
            );
            site.write(&format!("services/{}", service.label), &text)?;
            let _ = writeln!(boot, "waits-for = {}", service.label);
        }
        site.write("services/boot", &boot)
    }

    fn daemon(&self, site: &Site) -> Command {
        let mut command = Command::new(&self.dinit);
        command.args(["-o", "-q"]).arg("-d").arg(site.path("services"));
        command.arg("-p").arg(site.path("socket")).arg("-l").arg(site.path("log"));
        command
    }

    fn list(&self, site: &Site) -> Command {
        self.ask(site, &["list"])
    }

    fn status(&self, site: &Site, label: &str) -> Command {
        self.ask(site, &["status", label])
    }

    fn stop(&self, site: &Site, label: &str) -> Command {
        self.ask(site, &["stop", label])
    }

    fn start(&self, site: &Site, label: &str) -> Command {
        self.ask(site, &["start", label])
    }

    fn shutdown(&self, site: &Site) -> Shutdown {
        Shutdown::Client(self.ask(site, &["shutdown"]))
    }

    fn programs(&self) -> Option<[Program; 2]> {
        let program = |path: &PathBuf| Program { path: path.clone(), arguments: &["--version"] };
        Some([program(&self.dinit), program(&self.dinitctl)])
    }
}
