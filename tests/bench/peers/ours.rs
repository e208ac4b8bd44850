//! supervisord and svcctl as they are shipped, with a property list a service.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use harness::property_list;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{Peer, Program, Service, Shutdown, Site, version};
use crate::fault::{Cannot as _, Outcome};
use crate::tools::Tools;

#[derive(Debug)]
pub(crate) struct Ours {
    supervisord: PathBuf,
    svcctl: PathBuf,
}

/// A service's definition, with further keys.
pub(crate) fn property_list_of(service: &Service, further: &Value) -> String {
    let mut keys = json!({ "Label": service.label, "ProgramArguments": service.command });
    let further = further.as_object().cloned().unwrap_or_default();
    keys.as_object_mut().expect("it was made an object").extend(further);
    property_list(&keys)
}

impl Ours {
    pub(crate) fn new(tools: &Tools) -> Self {
        Self { supervisord: tools.supervisord.clone(), svcctl: tools.svcctl.clone() }
    }

    /// svcctl with those words.
    pub(crate) fn ask(&self, site: &Site, words: &[&str]) -> Command {
        let mut command = Command::new(&self.svcctl);
        command.arg("--base").arg(site.folder.path()).args(words);
        command
    }
}

impl Peer for Ours {
    fn name(&self) -> &'static str {
        "ours"
    }

    fn about(&self) -> String {
        format!(
            "{}; ThrottleInterval 0, output to /dev/null",
            version(&self.supervisord, &["--version"])
        )
    }

    fn prepare(&self, site: &Site, services: &[Service]) -> Outcome<()> {
        let further = json!({
            "KeepAlive": true,
            "ThrottleInterval": 0,
            "StandardOutPath": "/dev/null",
            "StandardErrorPath": "/dev/null",
        });
        fs::create_dir(site.path("services")).cannot("make the services folder")?;
        services.iter().try_for_each(|service| {
            let text = property_list_of(service, &further);
            site.write(&format!("services/{}.plist", service.label), &text)
        })
    }

    fn daemon(&self, site: &Site) -> Command {
        let mut command = Command::new(&self.supervisord);
        command.arg("--base").arg(site.folder.path()).env_remove("RUST_LOG");
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

    fn programs(&self) -> Option<[Program; 2]> {
        let program = |path: &PathBuf| Program { path: path.clone(), arguments: &["--version"] };
        Some([program(&self.supervisord), program(&self.svcctl)])
    }
}
