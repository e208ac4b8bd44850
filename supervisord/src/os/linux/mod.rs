//! Linux: processes by clone without copying the daemon, trees by control group where there is one.

mod cgroup;
mod clone;
mod dumpable;
mod group;
mod mounts;
mod nursery;
mod proc;
mod signals;
pub(super) mod sys;
mod tree_name;
mod trees;
mod watch;

use std::{ffi::CStr, io, sync::Arc};

use nix::unistd::{Gid, getgrouplist};

use super::Options;
pub(super) use self::{
    nursery::Nursery,
    proc::started,
    signals::{SIGNALS, SIGNALS_MAX},
    trees::Trees,
};
pub use super::unix::host_name;

/// The control groups trees are put into, if there are any.
pub(super) type Groups = Option<Arc<cgroup::Groups>>;

/// Makes this process the parent of its orphaned descendants and finds the control groups.
pub(super) fn prepare(options: &Options) -> io::Result<Groups> {
    nix::sys::prctl::set_child_subreaper(true)?;
    sys::remember_ignored_signals();
    if !options.control_groups {
        return Ok(None);
    }
    let groups = cgroup::Groups::find(&options.domain);
    match &groups {
        Ok(groups) => log::debug!("trees are control groups below {}", groups.path().display()),
        Err(error) => log::info!("no control groups, process groups instead: {error}"),
    }
    Ok(groups.ok().map(Arc::new))
}

/// The further groups of a user.
pub(super) fn groups_of(user: &CStr, gid: libc::gid_t) -> nix::Result<Vec<libc::gid_t>> {
    Ok(getgrouplist(user, Gid::from_raw(gid))?.into_iter().map(Gid::as_raw).collect())
}
