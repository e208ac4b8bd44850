//! systemd, where it is what booted the machine: units of this boot only, taken away again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Peer, Service, Shutdown, Site, version, which};
use crate::fault::{Cannot as _, Outcome};

/// Units in here are gone with the next boot.
const UNITS: &str = "/run/systemd/system";
const TARGET: &str = "svbench.target";

#[derive(Debug)]
pub(super) struct Systemd {
    systemctl: PathBuf,
}

impl Systemd {
    pub(super) fn find() -> Option<Self> {
        let is_booted = Path::new(UNITS).is_dir() && nix::unistd::geteuid().is_root();
        Some(Self { systemctl: which("systemctl")? }).filter(|_| is_booted)
    }

    fn ask(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.systemctl);
        command.args(words);
        command
    }

    fn unit(label: &str) -> String {
        format!("svbench-{label}.service")
    }

    fn do_quietly(&self, words: &[&str]) {
        let mut command = self.ask(words);
        let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

impl Peer for Systemd {
    fn name(&self) -> &'static str {
        "systemd"
    }

    fn about(&self) -> String {
        format!(
            "{} as PID 1; RestartSec 0, no start limit",
            version(&self.systemctl, &["--version"])
        )
    }

    fn prepare(&self, _: &Site, services: &[Service]) -> Outcome<()> {
        let wants = Path::new(UNITS).join(format!("{TARGET}.wants"));
        fs::create_dir_all(&wants).cannot("make units")?;
        fs::write(Path::new(UNITS).join(TARGET), "[Unit]\nDefaultDependencies=no\n")
            .cannot("write a unit")?;
        for service in services {
            let text = format!(
                "[Unit]\nDefaultDependencies=no\nStartLimitIntervalSec=0\n[Service]\nExecStart={}\n\
                 Restart=always\nRestartSec=0\n\
                 StandardInput=null\nStandardOutput=null\nStandardError=null\n",
                service.line()
            );
            let unit = Self::unit(&service.label);
            fs::write(wants.join(&unit), text).cannot("write a unit")?;
            fs::rename(wants.join(&unit), Path::new(UNITS).join(&unit)).cannot("write a unit")?;
            std::os::unix::fs::symlink(Path::new("..").join(&unit), wants.join(&unit))
                .cannot("link a unit")?;
        }
        self.do_quietly(&["daemon-reload"]);
        Ok(())
    }

    fn daemon(&self, _: &Site) -> Command {
        self.ask(&["start", "--no-block", TARGET])
    }

    fn list(&self, _: &Site) -> Command {
        self.ask(&["list-units", "--all", "--no-pager", "--no-legend", "svbench-*"])
    }

    fn status(&self, _: &Site, label: &str) -> Command {
        self.ask(&["is-active", &Self::unit(label)])
    }

    fn stop(&self, _: &Site, label: &str) -> Command {
        self.ask(&["stop", &Self::unit(label)])
    }

    fn start(&self, _: &Site, label: &str) -> Command {
        self.ask(&["start", &Self::unit(label)])
    }

    fn shutdown(&self, _: &Site) -> Shutdown {
        Shutdown::Client(self.ask(&["stop", "svbench-*.service"]))
    }

    fn outside(&self) -> Option<Vec<i32>> {
        Some(vec![1])
    }

    fn clean(&self, _: &Site) {
        self.do_quietly(&["stop", TARGET, "svbench-*.service"]);
        for entry in fs::read_dir(UNITS).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with("svbench") {
                let path = entry.path();
                let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
            }
        }
        self.do_quietly(&["daemon-reload"]);
    }
}
