//! The floor: what the kernel takes to start, watch and stop processes, with hardly a supervisor.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::signal::Signal;

use super::{Peer, Program, Service, Shutdown, Site};
use crate::fault::Outcome;
use crate::tools::Tools;

#[derive(Debug)]
pub(super) struct Floor {
    program: PathBuf,
    child: PathBuf,
    threads: usize,
}

impl Floor {
    pub(super) fn new(tools: &Tools, threads: usize) -> Self {
        Self { program: tools.floor.clone(), child: tools.child.clone(), threads }
    }

    fn ask(&self, site: &Site, request: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("ask").arg(site.path("socket")).args(request);
        command
    }
}

impl Peer for Floor {
    fn name(&self) -> &'static str {
        if self.threads == 1 { "floor" } else { "floor-mt" }
    }

    fn about(&self) -> String {
        let threads = if self.threads == 1 { "one thread" } else { "two threads" };
        format!("posix_spawn from {threads}, signalfd, epoll, waitpid, a unix socket")
    }

    fn prepare(&self, site: &Site, services: &[Service]) -> Outcome<()> {
        let mut list = String::new();
        for service in services {
            let _ = writeln!(list, "{} {}", service.label, service.line());
        }
        site.write("list", &list)
    }

    fn daemon(&self, site: &Site) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("serve").arg(site.path("socket")).arg(self.threads.to_string());
        command.arg(site.path("list"));
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

    fn shutdown(&self, _: &Site) -> Shutdown {
        Shutdown::Signal(Signal::SIGTERM)
    }

    /// The least there is to start: a program that ends at once.
    fn programs(&self) -> Option<[Program; 2]> {
        let program = |path: &PathBuf| Program { path: path.clone(), arguments: &[] };
        (self.threads == 1).then(|| [program(&self.child), program(&self.child)])
    }
}
