//! Linux: processes by clone without copying the daemon, trees by control group where there is one.

mod cgroup;
mod clone;
mod dumpable;
mod fd_store;
mod group;
mod marked;
mod mounts;
mod nursery;
mod pidfd;
mod proc;
mod signals;
pub(super) mod sys;
mod tree_name;
mod trees;
mod undertaker;
mod vigil;
mod watch;

use std::{
    ffi::CStr,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    sync::Arc,
};

use nix::{
    fcntl::{FcntlArg, SealFlag, fcntl},
    sys::memfd::{MFdFlags, memfd_create},
    unistd::{Gid, getgrouplist},
};

pub(super) use self::{
    fd_store::FdStore,
    nursery::Nursery,
    proc::{boot, is_child, is_stopped, program_name, started},
    signals::{SIGNALS, SIGNALS_MAX},
    trees::Trees,
    vigil::Vigil,
};
use super::Options;
pub use super::unix::host_name;
pub(super) use super::unix::{Child, Slot, is_passing};

/// Where the system's logger listens.
pub const LOGGER: &str = "/dev/log";

/// What all spawner threads share.
pub(super) struct Workshop {
    null: File,
    /// What processes are marked with.
    domain: String,
    /// Where trees are put, if there are control groups.
    groups: Option<Arc<cgroup::Groups>>,
}

impl Workshop {
    /// Makes this process the parent of its orphaned descendants and finds the control groups.
    pub(super) fn new(options: &Options) -> io::Result<Self> {
        nix::sys::prctl::set_child_subreaper(true)?;
        sys::remember_ignored_signals();
        let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
        if !options.control_groups {
            return Ok(Self { null, domain: options.domain.clone(), groups: None });
        }
        let groups = cgroup::Groups::find(&options.domain);
        match &groups {
            Ok(groups) => log::debug!("trees are control groups in {}", groups.path().display()),
            Err(error) => log::info!("no control groups, process groups instead: {error}"),
        }
        Ok(Self { null, domain: options.domain.clone(), groups: groups.ok().map(Arc::new) })
    }
}

/// An unnamed file that holds just this and can't be changed any more.
pub(super) fn sealed(bytes: &[u8]) -> io::Result<File> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let mut file = File::from(memfd_create("message", flags)?);
    file.write_all(bytes)?;
    fcntl(&file, FcntlArg::F_ADD_SEALS(SealFlag::all()))?;
    Ok(file)
}

/// The further groups of a user.
pub(super) fn groups_of(user: &CStr, gid: libc::gid_t) -> nix::Result<Vec<libc::gid_t>> {
    Ok(getgrouplist(user, Gid::from_raw(gid))?.into_iter().map(Gid::as_raw).collect())
}
