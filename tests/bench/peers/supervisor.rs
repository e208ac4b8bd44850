//! Supervisor: one Python process, a client that is a Python start each.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::signal::Signal;

use super::{Peer, Program, Service, Shutdown, Site, version, which};
use crate::fault::Outcome;

#[derive(Debug)]
pub(super) struct Supervisor {
    daemon: PathBuf,
    client: PathBuf,
}

impl Supervisor {
    /// Its daemon has our name, so it is looked for beside its client.
    pub(super) fn find() -> Option<Self> {
        let client = which("supervisorctl")?;
        let daemon = client.with_file_name("supervisord");
        daemon.is_file().then_some(Self { daemon, client })
    }

    fn ask(&self, site: &Site, words: &[&str]) -> Command {
        let mut command = Command::new(&self.client);
        command.arg("-c").arg(site.path("settings")).args(words);
        command
    }
}

impl Peer for Supervisor {
    fn name(&self) -> &'static str {
        "supervisor"
    }

    fn about(&self) -> String {
        format!("Supervisor {}; startsecs 0", version(&self.daemon, &["--version"]))
    }

    fn prepare(&self, site: &Site, services: &[Service]) -> Outcome<()> {
        let folder = site.folder.path().display();
        let mut text = format!(
            "[supervisord]\nnodaemon=true\nlogfile={folder}/log\nlogfile_maxbytes=0\n\
             pidfile={folder}/pid\nchildlogdir={folder}\nminfds={}\n\
             [unix_http_server]\nfile={folder}/socket\n\
             [rpcinterface:supervisor]\n\
             supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
             [supervisorctl]\nserverurl=unix://{folder}/socket\n",
            services.len() * 2 + 100,
        );
        for service in services {
            let _ = write!(
                text,
                "[program:{}]\ncommand={}\nautorestart=true\nstartsecs=0\nstartretries=1000000\n\
                 stdout_logfile=NONE\nstderr_logfile=NONE\n",
                service.label,
                service.line()
            );
        }
        site.write("settings", &text)
    }

    fn daemon(&self, site: &Site) -> Command {
        let mut command = Command::new(&self.daemon);
        command.arg("-c").arg(site.path("settings"));
        command
    }

    fn list(&self, site: &Site) -> Command {
        self.ask(site, &["status"])
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

    fn programs(&self) -> Option<[Program; 2]> {
        Some([
            Program { path: self.daemon.clone(), arguments: &["--version"] },
            Program { path: self.client.clone(), arguments: &["--help"] },
        ])
    }
}
