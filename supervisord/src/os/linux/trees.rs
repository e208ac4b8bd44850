//! A service's whole tree: its control group where it has one, else its process group and strays.

use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::Arc,
};

use supervisor_core::Run;

use super::{
    Workshop, cgroup::Groups, group, marked, tree_name, undertaker::Undertaker, watch::Watch,
};
use crate::os::unix::Member;

/// Signals, kills and watches whole trees.
pub(in crate::os) struct Trees {
    groups: Option<Arc<Groups>>,
    watch: Watch,
    domain: String,
    /// What carries marks of ours without being in a group, while services are looked for.
    marked: marked::Found,
    /// The groups there are, while services are looked for in them.
    found: Option<HashSet<OsString>>,
    /// There when no group is needed any more.
    undertaker: Option<Undertaker>,
}

impl Trees {
    pub(in crate::os) fn new(workshop: &Workshop) -> io::Result<Self> {
        let groups = workshop.groups.clone();
        let (domain, marked) = (workshop.domain.clone(), marked::Found::new());
        Ok(Self { groups, watch: Watch::new()?, domain, marked, found: None, undertaker: None })
    }

    /// Sends a signal to the run's process group. When its leader is gone that number may be
    /// another's, so what is left in a control group is then signalled one by one.
    pub(in crate::os) fn signal(&self, member: &Member<'_>, number: i32) {
        match &self.groups {
            _ if member.is_alone => self.signal_alone(member, number),
            _ if member.is_adopted && member.is_left_over => {
                marked::signal(&self.domain, member, number);
            }
            Some(groups) if member.grouped && member.is_left_over => {
                groups.signal(member.tree, number);
            }
            Some(_) | None => group::signal(member, number),
        }
    }

    /// Kills all of a tree.
    pub(in crate::os) fn kill(&self, member: &Member<'_>) {
        match &self.groups {
            _ if member.is_alone => self.signal_alone(member, libc::SIGKILL),
            _ if member.is_adopted => {
                if !member.is_left_over {
                    group::signal(member, libc::SIGKILL);
                }
                marked::signal(&self.domain, member, libc::SIGKILL);
            }
            Some(groups) if member.grouped => groups.kill(member.tree),
            Some(_) | None => group::kill(member),
        }
    }

    /// Whether nothing is left of a tree whose own process has ended.
    pub(in crate::os) fn is_empty(&self, member: &Member<'_>) -> bool {
        match &self.groups {
            _ if member.is_adopted => self.marked(member).is_empty(),
            Some(groups) if member.grouped => groups.is_empty(member.tree),
            Some(_) | None => group::is_empty(member),
        }
    }

    /// Whether the tree has a control group.
    pub(in crate::os) fn is_group(&self, tree: &str) -> bool {
        let Some(groups) = &self.groups else { return false };
        match &self.found {
            Some(found) => found.contains(OsStr::new(&*tree_name::encode(tree))),
            None => groups.path_of(tree).is_dir(),
        }
    }

    /// Where the groups of this daemon are, if there are any.
    pub(in crate::os) fn place(&self) -> Option<&Path> {
        self.groups.as_ref().map(|groups| groups.path())
    }

    /// Looks for what carries marks of ours, wherever it is.
    pub(in crate::os) fn search(&mut self) {
        self.marked = marked::search(&self.domain);
    }

    /// Something of that run was found; of any run where the number is 0.
    pub(in crate::os) fn has_marked(&self, tree: &str, run: Run) -> bool {
        let runs = self.marked.get(tree);
        runs.is_some_and(|runs| run.number == 0 || runs.contains(&run.number))
    }

    /// What lives of an adopted run, found by its marks.
    pub(in crate::os) fn marked(&self, member: &Member<'_>) -> Vec<OwnedFd> {
        marked::of(&self.domain, member)
    }

    /// Services of an earlier daemon are looked for now, all in one go.
    pub(in crate::os) fn find_all(&mut self) {
        self.found = self.groups.as_ref().and_then(|groups| groups.names().ok());
    }

    /// They have been.
    pub(in crate::os) fn all_found(&mut self) {
        self.found = None;
        self.marked = marked::Found::new();
    }

    /// Begins to watch a tree; false when it tells nothing by itself.
    pub(in crate::os) fn watch(&mut self, member: &Member<'_>) -> bool {
        let Some(groups) = self.groups.as_ref().filter(|_| member.grouped) else { return false };
        let events = groups.path_of(member.tree).join("cgroup.events");
        match self.watch.add(member.run, &events) {
            Ok(()) => true,
            Err(error) => {
                log::warn!("cannot watch {}: {error}", events.display());
                false
            }
        }
    }

    pub(in crate::os) fn unwatch(&mut self, member: &Member<'_>) {
        self.watch.remove(member.run);
    }

    /// Waits until a watched tree may have emptied; may be dropped and called again.
    pub(in crate::os) async fn changed(&mut self) {
        match &mut self.undertaker {
            Some(undertaker) => tokio::select! {
                () = self.watch.changed() => {}
                () = undertaker.told() => {}
            },
            None => self.watch.changed().await,
        }
    }

    /// From now on what ends is not followed by anything else.
    pub(in crate::os) fn leave(&mut self) {
        if let (None, Some(groups)) = (&self.undertaker, &self.groups) {
            self.undertaker = Undertaker::hire(Arc::clone(groups)).ok();
        }
    }

    /// Begins to remove what was made for a tree that has ended, if nothing lives in it; false when
    /// that is not done here. [`Trees::buried`] tells what came of it.
    pub(in crate::os) fn bury(&self, member: &Member<'_>) -> bool {
        let undertaker = self.undertaker.as_ref().filter(|_| member.grouped);
        undertaker.is_some_and(|undertaker| undertaker.bury(member.run, member.tree))
    }

    /// A tree that was given to be removed, and whether it is gone.
    pub(in crate::os) fn buried(&mut self) -> Option<(Run, bool)> {
        self.undertaker.as_mut()?.try_next()
    }

    /// The runs whose watched trees may have emptied.
    pub(in crate::os) fn touched(&mut self) -> Vec<Run> {
        self.watch.touched()
    }

    /// Where the run's tree is.
    pub(in crate::os) fn path(&self, member: &Member<'_>) -> Option<PathBuf> {
        self.path_of(member.tree).filter(|_| member.grouped)
    }

    /// Where a tree has its control group, if it has one.
    pub(in crate::os) fn path_of(&self, tree: &str) -> Option<PathBuf> {
        self.groups.as_ref().map(|groups| groups.path_of(tree))
    }

    /// Removes the group of a tree that was killed as a whole: the kernel remembers that against
    /// whoever is cloned into it, see [`super::Nursery`].
    pub(in crate::os) fn renew(&self, member: &Member<'_>) {
        if member.grouped {
            self.remove(member.tree);
        }
    }

    /// Removes what was made for a tree.
    pub(in crate::os) fn remove(&self, tree: &str) {
        if let Some(groups) = &self.groups {
            groups.remove(tree);
        }
    }

    fn signal_alone(&self, member: &Member<'_>, number: i32) {
        if !member.is_left_over {
            // SAFETY: it was not reaped, since only the caller reaps.
            unsafe { libc::kill(member.pid, number) };
        }
    }
}

impl Drop for Trees {
    fn drop(&mut self) {
        if let Some(groups) = &self.groups {
            groups.close();
        }
    }
}
