//! Where things are: the domain's folders and its socket, on each system (DESIGN, "Domains, paths").
//!
//! Computes paths from the environment it is given; never touches the disk.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Which supervisor is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domain {
    /// The machine's, run by root or LocalSystem.
    System,
    /// The calling user's.
    User,
    /// One with everything below a folder.
    Base(PathBuf),
}

/// The folders of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Definitions, one file a service: the truth.
    pub services: PathBuf,
    /// What must survive a reboot.
    pub state: PathBuf,
    /// What must survive only the daemon.
    pub run: PathBuf,
    /// Logs that no definition places elsewhere.
    pub logs: PathBuf,
}

/// Why a domain's folders could not be told.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AddressError {
    /// The variable that would tell is not set.
    #[error("cannot find the user's folders: {0} is not set; set it, or use --base DIR")]
    Unset(&'static str),
}

/// The environment as a function, so that tests need not change the process's own.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

impl Paths {
    /// The folders of a domain on this system.
    ///
    /// # Errors
    /// [`AddressError::Unset`] when the user's environment lacks what the answer needs.
    pub fn of(domain: &Domain, environment: Environment<'_>) -> Result<Self, AddressError> {
        match domain {
            Domain::System => Ok(system::system(environment)),
            Domain::User => system::user(environment),
            Domain::Base(base) => Ok(Self {
                services: base.join("services"),
                state: base.join("state"),
                run: base.join("run"),
                logs: base.join("logs"),
            }),
        }
    }

    /// The control socket: a path on Unix, a pipe name below `\\.\pipe\` on Windows.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        system::socket(&self.run)
    }

    /// What holds for all services, where definitions do not say: beside the services folder.
    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.services.with_file_name("settings.plist")
    }

    /// Held by the daemon as long as it lives.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.run.join("lock")
    }

    /// The log of a service that names none itself; the label is percent-encoded by the caller.
    #[must_use]
    pub fn log(&self, file_name: &str) -> PathBuf {
        self.logs.join(format!("{file_name}.log"))
    }
}

/// A canonical path as people write it: Windows begins those with `\\?\`, which few programs take.
#[must_use]
pub fn plain(path: PathBuf) -> PathBuf {
    system::plain(path)
}

fn set(environment: Environment<'_>, name: &str) -> Option<PathBuf> {
    environment(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(target_os = "macos")]
mod system {
    use super::{AddressError, Environment, Path, PathBuf, Paths, set};

    pub(super) fn system(_: Environment<'_>) -> Paths {
        let support = Path::new("/Library/Application Support/supervisord");
        Paths {
            services: support.join("services"),
            state: support.join("state"),
            run: "/var/run/supervisord".into(),
            logs: "/Library/Logs/supervisord".into(),
        }
    }

    pub(super) fn user(environment: Environment<'_>) -> Result<Paths, AddressError> {
        let home = set(environment, "HOME").ok_or(AddressError::Unset("HOME"))?;
        let support = home.join("Library/Application Support/supervisord");
        Ok(Paths {
            services: support.join("services"),
            state: support.join("state"),
            run: support.join("run"),
            logs: home.join("Library/Logs/supervisord"),
        })
    }

    pub(super) fn socket(run: &Path) -> PathBuf {
        run.join("socket")
    }

    pub(super) fn plain(path: PathBuf) -> PathBuf {
        path
    }
}

#[cfg(windows)]
mod system {
    use super::{AddressError, Environment, Path, PathBuf, Paths, set};

    fn below(base: &Path) -> Paths {
        Paths {
            services: base.join("services"),
            state: base.join("state"),
            run: base.join("run"),
            logs: base.join("logs"),
        }
    }

    pub(super) fn system(environment: Environment<'_>) -> Paths {
        let data = set(environment, "ProgramData").unwrap_or_else(|| r"C:\ProgramData".into());
        below(&data.join("supervisord"))
    }

    pub(super) fn user(environment: Environment<'_>) -> Result<Paths, AddressError> {
        let data = set(environment, "LOCALAPPDATA").ok_or(AddressError::Unset("LOCALAPPDATA"))?;
        Ok(below(&data.join("supervisord")))
    }

    /// Pipes live in one flat name space, so the folder's path becomes part of the name.
    pub(super) fn socket(run: &Path) -> PathBuf {
        let path = plain(run.to_owned()).to_string_lossy().to_lowercase().replace('/', "\\");
        let name = path.replace(':', "").replace('-', "--").replace('\\', "-");
        PathBuf::from(format!("supervisord-{name}"))
    }

    /// Only paths on drives have a short form that means the same.
    pub(super) fn plain(path: PathBuf) -> PathBuf {
        let text = path.to_string_lossy();
        match text.strip_prefix(r"\\?\") {
            Some(short) if short.as_bytes().get(1) == Some(&b':') => PathBuf::from(short),
            Some(_) | None => path,
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_folder_has_one_pipe_however_it_is_spelled() {
            let name = PathBuf::from("supervisord-c-my--base-run");
            for spelling in [r"C:\My-Base\run", r"\\?\c:\my-base\run", "c:/my-base/run"] {
                assert_eq!(socket(Path::new(spelling)), name, "{spelling}");
            }
            assert_ne!(socket(Path::new(r"c:\my\base\run")), name);
        }
    }
}

#[cfg(not(any(target_os = "macos", windows)))]
mod system {
    use super::{AddressError, Environment, Path, PathBuf, Paths, set};

    pub(super) fn system(_: Environment<'_>) -> Paths {
        Paths {
            services: "/etc/supervisord/services".into(),
            state: "/var/lib/supervisord".into(),
            run: "/run/supervisord".into(),
            logs: "/var/log/supervisord".into(),
        }
    }

    /// Where the session has no run-time folder, `run` stands beside the state.
    pub(super) fn user(environment: Environment<'_>) -> Result<Paths, AddressError> {
        let home = |below: &str| set(environment, "HOME").map(|home| home.join(below));
        let folder = |variable, below| {
            set(environment, variable)
                .or_else(|| home(below))
                .map(|path| path.join("supervisord"))
                .ok_or(AddressError::Unset("HOME"))
        };
        let state = folder("XDG_STATE_HOME", ".local/state")?;
        let run = set(environment, "XDG_RUNTIME_DIR")
            .map_or_else(|| state.join("run"), |path| path.join("supervisord"));
        Ok(Paths {
            services: folder("XDG_CONFIG_HOME", ".config")?.join("services"),
            logs: state.join("logs"),
            state,
            run,
        })
    }

    pub(super) fn socket(run: &Path) -> PathBuf {
        run.join("socket")
    }

    pub(super) fn plain(path: PathBuf) -> PathBuf {
        path
    }
}
