//! A service's tree is its process group here.

use std::{
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use supervisor_core::Run;

use super::{Workshop, proc, watch::Watch};
use crate::os::unix::Member;

/// Signals, kills and watches process groups.
pub(in crate::os) struct Trees {
    watch: Watch,
}

impl Trees {
    pub(in crate::os) fn new(_: &Workshop) -> io::Result<Self> {
        Ok(Self { watch: Watch::new()? })
    }

    /// Sends a signal to the run's process group.
    pub(in crate::os) fn signal(&self, member: &Member<'_>, number: i32) {
        let to = if member.is_alone { member.pid } else { -member.pid };
        if !(member.is_alone && member.is_left_over) {
            // SAFETY: the leader is not reaped, or its group is not empty, so that nobody else has
            // its number.
            unsafe { libc::kill(to, number) };
        }
    }

    /// Kills all of a process group.
    pub(in crate::os) fn kill(&self, member: &Member<'_>) {
        self.signal(member, libc::SIGKILL);
    }

    /// Whether nothing is left of a group whose leader has ended.
    pub(in crate::os) fn is_empty(&self, member: &Member<'_>) -> bool {
        proc::members(member.pid).is_empty()
    }

    /// No tree has a place of its own.
    pub(in crate::os) fn is_group(&self, _: &str) -> bool {
        false
    }

    /// Watches one process of a group; when it ends, the next.
    pub(in crate::os) fn watch(&mut self, member: &Member<'_>) -> bool {
        proc::members(member.pid).into_iter().any(|pid| self.watch.add(pid, member.run))
    }

    pub(in crate::os) fn unwatch(&mut self, member: &Member<'_>) {
        self.watch.remove(member.run);
    }

    /// Waits until a watched group may have emptied; may be dropped and called again.
    pub(in crate::os) async fn changed(&self) {
        self.watch.changed().await;
    }

    /// The runs of whose groups a member has ended.
    pub(in crate::os) fn touched(&mut self) -> Vec<Run> {
        self.watch.ended().into_iter().map(|(_, run)| run).collect()
    }

    /// There are no groups that have a place.
    pub(in crate::os) fn place(&self) -> Option<&Path> {
        None
    }

    /// The environment of others is not read here.
    pub(in crate::os) fn search(&mut self) {}

    /// Nothing is found by marks.
    pub(in crate::os) fn has_marked(&self, _: &str, _: Run) -> bool {
        false
    }

    /// Nothing is found by marks.
    pub(in crate::os) fn marked(&self, _: &Member<'_>) -> Vec<OwnedFd> {
        Vec::new()
    }

    /// A group has no path.
    pub(in crate::os) fn path(&self, _: &Member<'_>) -> Option<PathBuf> {
        None
    }

    /// A tree has none either.
    pub(in crate::os) fn path_of(&self, _: &str) -> Option<PathBuf> {
        None
    }

    /// Nothing was made for a group.
    pub(in crate::os) fn renew(&self, _: &Member<'_>) {}

    /// Nothing was made for a group that would have to go.
    pub(in crate::os) fn leave(&mut self) {}

    /// See [`Trees::leave`].
    pub(in crate::os) fn bury(&self, _: &Member<'_>) -> bool {
        false
    }

    /// See [`Trees::leave`].
    pub(in crate::os) fn buried(&mut self) -> Option<(Run, bool)> {
        None
    }

    /// There is nothing that trees could be found by.
    pub(in crate::os) fn find_all(&mut self) {}

    /// See [`Trees::find_all`].
    pub(in crate::os) fn all_found(&mut self) {}

    /// Nothing was made for a group.
    pub(in crate::os) fn remove(&self, _: &str) {}
}
