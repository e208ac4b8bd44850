//! pm2: a daemon of node's, a client that is a start of node each.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use super::{Peer, Service, Shutdown, Site, version, which};
use crate::fault::Outcome;

#[derive(Debug)]
pub(super) struct Pm2 {
    program: PathBuf,
}

impl Pm2 {
    pub(super) fn find() -> Option<Self> {
        Some(Self { program: which("pm2")? })
    }

    fn ask(&self, site: &Site, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).env("PM2_HOME", site.path("home"));
        command.env("PM2_DISABLE_VERSION_CHECK", "true").env("PM2_NO_INTERACTION", "1");
        command
    }
}

impl Peer for Pm2 {
    fn name(&self) -> &'static str {
        "pm2"
    }

    fn about(&self) -> String {
        // Any question but this one starts its daemon.
        let node = version("node".as_ref(), &["--version"]);
        format!("pm2 on node {node}; restart_delay 0, no restart limit")
    }

    fn most(&self) -> Option<(usize, &'static str)> {
        Some((1000, "pm2 was never seen to start more"))
    }

    fn prepare(&self, site: &Site, services: &[Service]) -> Outcome<()> {
        let app = |service: &Service| {
            json!({
                "name": service.label, "script": service.command[0], "args": service.command[1..],
                "interpreter": "none", "exec_mode": "fork", "pmx": false, "vizion": false,
                "out_file": "/dev/null", "error_file": "/dev/null",
                "max_restarts": 1_000_000_000, "restart_delay": 0,
            })
        };
        let apps: Vec<_> = services.iter().map(app).collect();
        site.write("apps.json", &json!({ "apps": apps }).to_string())
    }

    fn daemon(&self, site: &Site) -> Command {
        let mut command = self.ask(site, &["start"]);
        command.arg(site.path("apps.json")).arg("-s");
        command
    }

    fn list(&self, site: &Site) -> Command {
        self.ask(site, &["jlist"])
    }

    fn status(&self, site: &Site, label: &str) -> Command {
        self.ask(site, &["describe", label])
    }

    fn stop(&self, site: &Site, label: &str) -> Command {
        self.ask(site, &["stop", label, "-s"])
    }

    fn start(&self, site: &Site, label: &str) -> Command {
        self.ask(site, &["start", label, "-s"])
    }

    fn shutdown(&self, site: &Site) -> Shutdown {
        Shutdown::Client(self.ask(site, &["kill", "-s"]))
    }
}
