//! News of the daemon's own tasks, which work beside its loop.

use protocol::definition::Settings;
use protocol::message::Rejected;
use supervisor_core::ServiceId;

use super::{Demand, Opening};
use crate::control::reply::Reply;
use crate::sockets::{Opened, Unopened};
use crate::store::folder::Found;

/// What tasks of the daemon's own tell its loop.
#[derive(Debug)]
pub(crate) enum Internal {
    /// The services folder was read for an `apply`.
    Scanned {
        /// What it holds, or why it can't be read.
        found: Result<Found, crate::store::StoreError>,
        /// The settings, or why they can't be taken.
        settings: Result<Box<Settings>, Rejected>,
        /// How many changes of the folder there were of ours before it was read.
        as_of: u64,
        /// Do nothing, only answer.
        dry_run: bool,
        /// On whose behalf.
        demand: Box<Demand>,
        /// Who waits for an answer; nobody for SIGHUP.
        reply: Option<Reply>,
    },
    /// The last lines of runs are in their logs, up to the one of that number.
    Drained(u64),
    /// The sockets of a definition were waited for.
    Opened {
        /// They, or what failed.
        result: Result<Opened, Unopened>,
        /// What goes on now.
        opening: Opening,
    },
    /// The sockets of a service may be looked after again.
    Rested(ServiceId),
    /// An answer that was made beside the loop was given.
    Answered,
    /// Somebody who watches has seen enough.
    Entered,
}
