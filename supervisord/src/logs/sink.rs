//! Where the lines of piped logs go: a file, systemd's journal, the system's logger.
//!
//! Only a file can make a service wait. A socket that takes nothing loses lines, which are counted
//! and told as soon as it takes some again.

pub(crate) mod file;
mod journald;
mod syslog;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use protocol::definition::SyslogFormat;
use supervisor_core::Moment;

use super::pipe::{Line, Origin, gap};
use crate::os::Datagrams;

pub(crate) use crate::os::LOGGER as SYSLOG;

/// Where systemd's journal listens.
pub(crate) const JOURNALD: &str = "/run/systemd/journal/socket";

/// How long a socket that took nothing is left alone.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// How a message is written for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    /// As entries of the journal.
    Journald,
    /// As messages of the logger.
    Syslog(SyslogFormat),
}

/// All sockets in use, each shared by the services that name it.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    sockets: BTreeMap<PathBuf, Socket>,
    message: Vec<u8>,
}

#[derive(Debug, Default)]
struct Socket {
    open: Option<Datagrams>,
    /// It took nothing, and is not asked again before.
    until: Option<Moment>,
}

impl Sockets {
    /// Sends one line, after the mark of a gap if there is one; what is lost is added to `lost`.
    pub(crate) fn send(
        &mut self,
        (path, manner): (&Path, Manner),
        (origin, line): (&Origin<'_>, Line<'_>),
        lost: &mut u64,
        now: Moment,
    ) {
        let socket = match self.sockets.get_mut(path) {
            Some(socket) => socket,
            None => self.sockets.entry(path.to_owned()).or_default(),
        };
        if socket.until.is_some_and(|until| now < until) {
            *lost += 1;
            return;
        }
        let mut give = |line: Line<'_>| {
            self.message.clear();
            match manner {
                Manner::Journald => journald::entry(origin, line, &mut self.message),
                Manner::Syslog(format) => syslog::message(format, origin, line, &mut self.message),
            }
            socket.send(path, &self.message)
        };
        let mut result = Ok(());
        if *lost != 0 {
            let mark = gap(*lost, "this was not there or too slow");
            result = give(Line { text: mark.as_bytes(), is_cut: false });
        }
        if result.is_ok() {
            *lost = 0;
            result = give(line);
        }
        match result {
            Ok(()) => {
                if socket.until.take().is_some() {
                    log::info!("{} takes lines again", path.display());
                }
            }
            Err(error) => {
                *lost += 1;
                if socket.until.is_none() {
                    log::warn!(
                        "cannot send lines to {}: {error}; it is tried again",
                        path.display()
                    );
                }
                (socket.open, socket.until) = (None, Some(now + PAUSE));
            }
        }
    }
}

impl Socket {
    fn send(&mut self, path: &Path, message: &[u8]) -> io::Result<()> {
        // One that was open may belong to somebody who is gone; his successor has the same path.
        if let Some(open) = &self.open {
            match open.send(message) {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => self.open = None,
                result => return result,
            }
        }
        self.open.insert(Datagrams::connect(path)?).send(message)
    }
}

/// The level of what a service says: information, as none is given.
const INFORMATION: u32 = 6;
/// The facility of daemons.
const DAEMON: u32 = 3;
