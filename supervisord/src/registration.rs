//! `supervisord install` and its kin: registers the daemon with the machine's own service manager.
//!
//! Each manager has a module of plain functions: looking changes nothing and makes a plan, and
//! only a plan changes the machine. Nothing here runs inside the daemon.
//!
//! **Invariant:** definitions, state and logs of services are never touched.

mod launchd;
mod logon;
mod openrc;
mod plan;
mod quote;
mod running;
mod scm;
mod script;
mod systemd;
mod sysvinit;
mod telling;
#[cfg(test)]
mod templates;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use protocol::address::{AddressError, Domain, Paths};
use thiserror::Error;

use self::plan::{Failure, Plan};
use crate::arguments::registration::{Install, Verb, Which};
use crate::os;

/// What starts services on a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Manager {
    /// systemd, the machine's or a user's
    Systemd,
    /// macOS
    Launchd,
    /// OpenRC, as in Alpine and Gentoo
    Openrc,
    /// Scripts in /etc/init.d
    Sysvinit,
    /// Windows
    Scm,
    /// Windows, for one user, at logon
    Logon,
}

impl Manager {
    /// What people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Systemd => "systemd",
            Self::Launchd => "launchd",
            Self::Openrc => "OpenRC",
            Self::Sysvinit => "init.d",
            Self::Scm => "the service control manager",
            Self::Logon => "the user's logon",
        }
    }
}

/// Whose manager it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The machine's.
    System,
    /// The calling user's.
    User,
}

/// Everything that is settled about a registration before any manager is asked.
#[derive(Debug, Clone)]
pub struct Registration {
    /// What the manager calls it.
    pub name: String,
    /// What people are shown as its name.
    pub display_name: String,
    /// What people are told about it.
    pub description: String,
    /// Whose it is.
    pub scope: Scope,
    /// The program, absolute.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Where its own log goes, if not where the manager puts it.
    pub log_file: Option<PathBuf>,
    /// The folders of its domain.
    pub paths: Paths,
    /// The words that name this registration to `supervisord start` and the like.
    pub which: String,
}

/// How a registration stands.
#[derive(Debug, Default)]
pub struct Standing {
    /// Where it is written down; `None` when it is not.
    pub place: Option<String>,
    /// The manager starts it by itself.
    pub is_enabled: bool,
    /// The manager says that it runs.
    pub is_running: bool,
    /// Its process.
    pub pid: Option<u32>,
    /// Commands that tell more.
    pub look: Vec<String>,
}

/// Why a verb was not done.
#[derive(Debug, Error)]
pub enum Fault {
    /// The command line can't be meant.
    #[error("{0}")]
    Usage(String),
    /// Nothing tells which manager is there.
    #[error(
        "cannot tell which service manager this machine has; name it with --manager, \
         or run supervisord --daemonize from whatever starts programs here"
    )]
    NoManager,
    /// That manager does not do this.
    #[error("cannot {verb} {name}: {cause}")]
    Unable {
        /// What was asked.
        verb: &'static str,
        /// The registration.
        name: String,
        /// Why, and what to do instead.
        cause: String,
    },
    /// It is not registered.
    #[error("cannot {verb} {name}: it is not installed; supervisord install{which} does that")]
    NotInstalled {
        /// What was asked.
        verb: &'static str,
        /// The registration.
        name: String,
        /// How to name it.
        which: String,
    },
    /// A step of a plan failed.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The folders of the domain are unknown.
    #[error(transparent)]
    Address(#[from] AddressError),
}

/// Exit codes of `status`, as the Linux Standard Base has them; 4 is a unit nobody knows.
const NOT_RUNNING: u8 = 3;
const NOT_INSTALLED: u8 = 4;

/// Does what was asked and says what came of it.
#[must_use]
pub fn run(verb: &Verb) -> ExitCode {
    match act(verb) {
        Ok(code) => code,
        Err(fault) => {
            telling::fault(&fault);
            match fault {
                Fault::NotInstalled { .. } => ExitCode::from(NOT_INSTALLED),
                Fault::Usage(_) => ExitCode::from(2),
                Fault::NoManager | Fault::Unable { .. } | Fault::Failed(_) | Fault::Address(_) => {
                    ExitCode::FAILURE
                }
            }
        }
    }
}

fn act(verb: &Verb) -> Result<ExitCode, Fault> {
    let which = verb.which();
    let manager = match which.manager {
        Some(manager) => manager,
        None => detect().ok_or(Fault::NoManager)?,
    };
    let registration = Registration::settle(verb)?;
    let manager = match (manager, registration.scope) {
        // It has services of the whole machine only.
        (Manager::Scm, Scope::User) => Manager::Logon,
        (manager, _) => manager,
    };
    let plan = match verb {
        Verb::Install(_) => install(manager, &registration)?,
        Verb::Remove(_) => remove(manager, &registration)?,
        Verb::Start(_) => start(manager, &registration)?,
        Verb::Stop(_) => stop(manager, &registration)?,
        Verb::Status(_) => return Ok(status(manager, &registration)),
    };
    if which.dry_run {
        telling::preview(&plan);
    } else {
        plan.perform(telling::step)?;
        telling::end(&plan);
    }
    Ok(ExitCode::SUCCESS)
}

fn install(manager: Manager, registration: &Registration) -> Result<Plan, Fault> {
    match manager {
        Manager::Systemd => Ok(systemd::install(registration)),
        Manager::Launchd => Ok(launchd::install(registration)),
        Manager::Openrc => script::install(registration, &openrc::script(registration)),
        Manager::Sysvinit => script::install(registration, &sysvinit::script(registration)),
        Manager::Scm => scm::install(registration),
        Manager::Logon => logon::install(registration),
    }
}

fn remove(manager: Manager, registration: &Registration) -> Result<Plan, Fault> {
    match manager {
        Manager::Systemd => Ok(systemd::remove(registration)),
        Manager::Launchd => Ok(launchd::remove(registration)),
        Manager::Openrc => script::remove(registration, &openrc::script(registration)),
        Manager::Sysvinit => script::remove(registration, &sysvinit::script(registration)),
        Manager::Scm => scm::remove(registration),
        Manager::Logon => logon::remove(registration),
    }
}

fn start(manager: Manager, registration: &Registration) -> Result<Plan, Fault> {
    match manager {
        Manager::Systemd => systemd::start(registration),
        Manager::Launchd => launchd::start(registration),
        Manager::Openrc => script::start(registration, &openrc::script(registration)),
        Manager::Sysvinit => script::start(registration, &sysvinit::script(registration)),
        Manager::Scm => scm::start(registration),
        Manager::Logon => logon::start(registration),
    }
}

fn stop(manager: Manager, registration: &Registration) -> Result<Plan, Fault> {
    match manager {
        Manager::Systemd => systemd::stop(registration),
        Manager::Launchd => launchd::stop(registration),
        Manager::Openrc => script::stop(registration, &openrc::script(registration)),
        Manager::Sysvinit => script::stop(registration, &sysvinit::script(registration)),
        Manager::Scm => scm::stop(registration),
        Manager::Logon => logon::stop(registration),
    }
}

fn status(manager: Manager, registration: &Registration) -> ExitCode {
    let standing = match manager {
        Manager::Systemd => systemd::standing(registration),
        Manager::Launchd => launchd::standing(registration),
        Manager::Openrc => script::standing(registration, &openrc::script(registration)),
        Manager::Sysvinit => script::standing(registration, &sysvinit::script(registration)),
        Manager::Scm => scm::standing(registration),
        Manager::Logon => logon::standing(registration),
    };
    telling::standing(manager, registration, &standing);
    match standing {
        Standing { place: None, .. } => ExitCode::from(NOT_INSTALLED),
        Standing { is_running: false, .. } => ExitCode::from(NOT_RUNNING),
        Standing { .. } => ExitCode::SUCCESS,
    }
}

/// The manager that is there, as far as its traces tell.
fn detect() -> Option<Manager> {
    let is_there = |paths: &[&str]| paths.iter().any(|path| Path::new(path).exists());
    match std::env::consts::OS {
        "macos" => return Some(Manager::Launchd),
        "windows" => return Some(Manager::Scm),
        _ => {}
    }
    if is_there(&["/run/systemd/system"]) {
        Some(Manager::Systemd)
    } else if is_there(&["/run/openrc", "/sbin/openrc-run", "/usr/sbin/openrc-run"]) {
        Some(Manager::Openrc)
    } else if is_there(&sysvinit::TOOLS) {
        Some(Manager::Sysvinit)
    } else {
        None
    }
}

impl Registration {
    fn settle(verb: &Verb) -> Result<Self, Fault> {
        let which = verb.which();
        let Which { name, base, .. } = which;
        check_name(name)?;
        let is_users = which.user || !(which.system || os::is_root());
        let scope = if is_users { Scope::User } else { Scope::System };
        let base = base.as_deref().map(absolute).transpose()?;
        let mut arguments: Vec<OsString> = match (&base, scope) {
            (Some(base), _) => vec!["--base".into(), base.clone().into()],
            (None, Scope::System) => vec!["--system".into()],
            (None, Scope::User) => vec!["--user".into()],
        };
        let domain = match (base, scope) {
            (Some(base), _) => Domain::Base(base),
            (None, Scope::System) => Domain::System,
            (None, Scope::User) => Domain::User,
        };
        let paths = Paths::of(&domain, &|name| std::env::var_os(name))?;
        let mut registration = Self {
            name: name.clone(),
            display_name: name.clone(),
            description: DESCRIPTION.to_owned(),
            scope,
            program: PathBuf::new(),
            arguments: Vec::new(),
            log_file: None,
            paths,
            which: which.words(),
        };
        if let Verb::Install(Install { display_name, description, log_file, log, .. }) = verb {
            let given = [display_name, description].into_iter().flatten();
            if let Some(text) = given.into_iter().find(|text| text.contains(char::is_control)) {
                return Err(Fault::Usage(format!("{text:?} is more than one line")));
            }
            if let Some(log) = log {
                arguments.extend(["--log".into(), log.into()]);
            }
            if let Some(file) = log_file {
                let file = absolute(file)?;
                arguments.extend(["--log-file".into(), file.clone().into()]);
                registration.log_file = Some(file);
            }
            let cannot = |cause| Fault::Usage(format!("cannot find this program: {cause}"));
            registration.program = std::env::current_exe().map_err(cannot)?;
            registration.display_name = display_name.clone().unwrap_or(registration.display_name);
            registration.description = description.clone().unwrap_or(registration.description);
        }
        registration.arguments = arguments;
        Ok(registration)
    }

    fn not_installed(&self, verb: &'static str) -> Fault {
        Fault::NotInstalled { verb, name: self.name.clone(), which: self.which.clone() }
    }

    fn unable(&self, verb: &'static str, cause: &str) -> Fault {
        Fault::Unable { verb, name: self.name.clone(), cause: cause.to_owned() }
    }

    /// What a removal leaves, since it is not the registration's.
    fn note_what_stays(&self, plan: &mut Plan) {
        let Paths { services, state, logs, .. } = &self.paths;
        let folders = [("definitions", services), ("state", state), ("logs", logs)];
        let stays = folders.into_iter().filter(|(_, folder)| folder.exists());
        let stays: Vec<String> =
            stays.map(|(what, folder)| format!("{what} in {}", folder.display())).collect();
        let done = if plan.steps.is_empty() { "is not installed" } else { "removed" };
        plan.note(format!("{}: {done}", self.name));
        if !stays.is_empty() {
            plan.note(format!("what stays, for you to delete: {}", stays.join(", ")));
        }
    }
}

/// What people are told it does.
const DESCRIPTION: &str = "runs services and never loses one";

/// The name becomes a file's and a word of scripts, on every system.
fn check_name(name: &str) -> Result<(), Fault> {
    const LENGTH_MAX: usize = 100;
    let is_fine = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let first = name.chars().next();
    if first.is_some_and(|first| first.is_ascii_alphanumeric())
        && name.chars().all(is_fine)
        && name.len() <= LENGTH_MAX
    {
        return Ok(());
    }
    let rule = "letters, digits, '.', '_' and '-', a letter or digit first, 100 at most";
    Err(Fault::Usage(format!("the name {name:?} can't be used: {rule}")))
}

/// Where a path leads from here; what it names need not be there.
fn absolute(path: &Path) -> Result<PathBuf, Fault> {
    let cannot = |cause| Fault::Usage(format!("cannot use {}: {cause}", path.display()));
    std::path::absolute(path).map_err(cannot)
}
