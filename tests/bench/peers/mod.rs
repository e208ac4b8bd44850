//! Whom the benchmark measures. A peer says how its files look and what its commands are; it
//! measures nothing itself, and nothing outside its file knows it.
//!
//! All are set up to begin a dead service again at once, as far as they can be.

mod dinit;
mod floor;
mod ours;
mod pm2;
mod runit;
mod s6;
mod supervisor;
mod systemd;

use std::env;
use std::fmt::Debug;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;

use crate::fault::{Cannot as _, Outcome};
use crate::tools::Tools;

pub(crate) use ours::{Ours, property_list_of};

/// Where a supervisor has everything of its own, and how many services it has.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) services: usize,
}

impl Site {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders on its way.
    fn write(&self, name: &str, text: &str) -> Outcome<()> {
        let path = self.path(name);
        let parent = path.parent().unwrap_or(&path);
        fs::create_dir_all(parent).cannot(format!("make {}", parent.display()))?;
        fs::write(&path, text).cannot(format!("write {}", path.display()))
    }

    /// Writes a shell script that becomes the service.
    fn write_script(&self, name: &str, service: &Service) -> Outcome<()> {
        self.write(name, &format!("#!/bin/sh\nexec {}\n", service.line()))?;
        let path = self.path(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
            .cannot(format!("make {} executable", path.display()))
    }
}

/// A service as every peer shall run it.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) label: String,
    /// Its program's absolute path and its arguments; no word has a blank.
    pub(crate) command: Vec<String>,
}

impl Service {
    fn line(&self) -> String {
        self.command.join(" ")
    }
}

/// How a supervisor is told to end with all services.
#[derive(Debug)]
pub(crate) enum Shutdown {
    /// A signal to the process that was started.
    Signal(Signal),
    /// A run of its client.
    Client(Command),
}

/// A program whose size and start are told.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// With these it only says who it is.
    pub(crate) arguments: &'static [&'static str],
}

/// A supervisor that can be measured.
pub(crate) trait Peer: Debug {
    fn name(&self) -> &'static str;
    /// What it is, and what is special about how it is set up.
    fn about(&self) -> String;
    /// More services it does not take, and why.
    fn most(&self) -> Option<(usize, &'static str)> {
        None
    }
    /// Writes the definitions of all services.
    fn prepare(&self, site: &Site, services: &[Service]) -> Outcome<()>;
    /// Starts it with all services.
    fn daemon(&self, site: &Site) -> Command;
    /// Prints the state of all services.
    fn list(&self, site: &Site) -> Command;
    /// Prints the state of one.
    fn status(&self, site: &Site, label: &str) -> Command;
    fn stop(&self, site: &Site, label: &str) -> Command;
    fn start(&self, site: &Site, label: &str) -> Command;
    fn shutdown(&self, site: &Site) -> Shutdown;
    /// Its processes, if the benchmark did not start them.
    fn outside(&self) -> Option<Vec<i32>> {
        None
    }
    /// Takes away what it keeps outside its site.
    fn clean(&self, _: &Site) {}
    /// Its daemon and its client, if their start is worth telling.
    fn programs(&self) -> Option<[Program; 2]> {
        None
    }
}

/// Who was found, in the order of tables, and who was not.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) peers: Vec<Box<dyn Peer>>,
    pub(crate) missing: Vec<&'static str>,
}

/// Everybody's names.
pub(crate) const NAMES: [&str; 9] =
    ["floor", "floor-mt", "ours", "dinit", "s6", "runit", "supervisor", "pm2", "systemd"];

/// Looks for those peers, or for all.
pub(crate) fn find(tools: &Tools, wanted: &[String]) -> Found {
    let mut found = Found { peers: Vec::new(), missing: Vec::new() };
    for name in NAMES {
        if !wanted.is_empty() && !wanted.iter().any(|word| word == name) {
            continue;
        }
        match one(tools, name) {
            Some(peer) => found.peers.push(peer),
            None => found.missing.push(name),
        }
    }
    found
}

fn one(tools: &Tools, name: &str) -> Option<Box<dyn Peer>> {
    Some(match name {
        "floor" => Box::new(floor::Floor::new(tools, 1)),
        "floor-mt" => Box::new(floor::Floor::new(tools, 2)),
        "ours" => Box::new(Ours::new(tools)),
        "dinit" => Box::new(dinit::Dinit::find()?),
        "s6" => Box::new(s6::S6::find()?),
        "runit" => Box::new(runit::Runit::find()?),
        "supervisor" => Box::new(supervisor::Supervisor::find()?),
        "pm2" => Box::new(pm2::Pm2::find()?),
        "systemd" => Box::new(systemd::Systemd::find()?),
        _ => return None,
    })
}

/// A program on the search path.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let places = env::var_os("PATH")?;
    env::split_paths(&places).map(|place| place.join(program)).find(|path| path.is_file())
}

/// The first line that a program prints about itself.
pub(crate) fn version(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("of unknown version")
        .trim()
        .to_owned()
}

/// The version that the system's packages tell, for programs that do not know theirs.
fn packaged(package: &str) -> String {
    let arguments = ["--show", "--showformat", "${Package} ${Version}", package];
    which("dpkg-query").map_or_else(
        || format!("{package} of unknown version"),
        |query| version(&query, &arguments),
    )
}
