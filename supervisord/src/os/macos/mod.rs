//! macOS: processes by fork, trees by process group, ends of others told by kqueue.
//!
//! An orphan goes to launchd here, not to us: what left its process group is out of reach.

mod fd_store;
mod nursery;
mod proc;
mod queue;
mod signals;
pub(super) mod sys;
mod trees;
mod vigil;
mod watch;

use std::{
    ffi::CStr,
    fs::{File, OpenOptions},
    io,
};

use libc::c_int;

pub(super) use self::{
    fd_store::FdStore,
    nursery::Nursery,
    proc::{boot, is_child, is_stopped, program_name, started},
    queue::Queue,
    signals::{SIGNALS, SIGNALS_MAX},
    trees::Trees,
    vigil::Vigil,
};
use super::Options;
pub use super::unix::host_name;
pub(super) use super::unix::{Child, Slot, is_passing};

/// Where the system's logger listens.
pub const LOGGER: &str = "/var/run/syslog";

/// What all spawner threads share.
pub(super) struct Workshop {
    null: File,
    /// What processes are marked with.
    domain: String,
}

impl Workshop {
    /// Opens what children are given in place of nothing.
    pub(super) fn new(options: &Options) -> io::Result<Self> {
        let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
        Ok(Self { null, domain: options.domain.clone() })
    }
}

/// The further groups of a user, as many as a process may have.
pub(super) fn groups_of(user: &CStr, gid: libc::gid_t) -> nix::Result<Vec<libc::gid_t>> {
    const GROUPS_MAX: usize = 16;
    let mut groups = [0; GROUPS_MAX];
    let mut count = GROUPS_MAX as c_int;
    // SAFETY: name, array and count are live. That there are more than fit is told by a negative
    // result, and those that fit are there all the same.
    unsafe { libc::getgrouplist(user.as_ptr(), gid as c_int, groups.as_mut_ptr(), &mut count) };
    let count = usize::try_from(count).unwrap_or(0).min(GROUPS_MAX);
    Ok(groups[..count].iter().map(|group| *group as libc::gid_t).collect())
}

/// There are no sealed files here, and nobody who would take one.
pub(super) fn sealed(_: &[u8]) -> std::io::Result<std::fs::File> {
    Err(std::io::Error::other("the message is too large for the socket"))
}
