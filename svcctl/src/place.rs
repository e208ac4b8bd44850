//! Which supervisor is meant, where its socket is, and how one is started there.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use interprocess::local_socket::{Stream, traits::Stream as _};
use protocol::address::{self, Domain, Paths};

use crate::arguments::PlaceArguments;
use crate::error::Error;
use crate::os;

/// The supervisor to talk to.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    domain: Domain,
    chosen: bool,
}

impl Place {
    /// By flag, else by `SUPERVISORD_BASE`, else the system's for root and the user's for others.
    pub(crate) fn choose(arguments: &PlaceArguments) -> Self {
        let base = || env::var_os("SUPERVISORD_BASE").filter(|base| !base.is_empty());
        let chosen = match arguments {
            PlaceArguments { base: Some(base), .. } => Some(Domain::Base(whole(base))),
            PlaceArguments { system: true, .. } => Some(Domain::System),
            PlaceArguments { user: true, .. } => Some(Domain::User),
            PlaceArguments { .. } => base().map(|base| Domain::Base(whole(Path::new(&base)))),
        };
        let usual = if os::is_superuser() { Domain::System } else { Domain::User };
        Self { chosen: chosen.is_some(), domain: chosen.unwrap_or(usual) }
    }

    /// Takes this domain unless the caller chose one: `kickstart system/web` means the system's.
    pub(crate) fn prefer(&mut self, domain: Domain) {
        if !self.chosen {
            self.domain = domain;
        }
    }

    /// Connects in order to do a task, which errors then name.
    pub(crate) fn connect(&self, task: &str) -> Result<Stream, Error> {
        let socket = socket(&self.domain)?;
        os::socket_name(&socket)
            .and_then(Stream::connect)
            .map_err(|cause| self.unreachable(task.to_owned(), socket, cause))
    }

    fn unreachable(&self, task: String, socket: PathBuf, cause: io::Error) -> Error {
        use io::ErrorKind as Kind;
        let start = self.how_to_start();
        let (kind, socket) = (cause.kind(), os::shown_socket(socket));
        if kind == Kind::NotFound {
            Error::NoSocket { task, socket, start }
        } else if kind == Kind::ConnectionRefused {
            Error::NobodyListens { task, socket, start }
        } else if kind == Kind::PermissionDenied {
            Error::SocketForbidden { task, socket }
        } else {
            Error::Connect { task, socket, cause }
        }
    }

    fn how_to_start(&self) -> String {
        let (flag, other) = match &self.domain {
            Domain::Base(base) => {
                return format!("start one: supervisord --base {}", base.display());
            }
            Domain::System => ("--system", Domain::User),
            Domain::User => ("--user", Domain::System),
        };
        let other_flag = if other == Domain::User { "--user" } else { "--system" };
        let there = !self.chosen && socket(&other).is_ok_and(|socket| socket.exists());
        let hint =
            if there { format!(", or ask the other: svcctl {other_flag}") } else { String::new() };
        format!("start one: supervisord {flag}{hint}")
    }
}

fn socket(domain: &Domain) -> Result<PathBuf, Error> {
    Ok(Paths::of(domain, &|name| env::var_os(name))?.socket())
}

/// Absolute, so that an error names a folder the reader can find, and as the daemon spells it.
fn whole(base: &Path) -> PathBuf {
    let found = std::fs::canonicalize(base).map(address::plain);
    found.or_else(|_| std::path::absolute(base)).unwrap_or_else(|_| base.to_owned())
}
