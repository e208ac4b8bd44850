//! One inotify instance that tells when control groups empty; a watch exists only while needed.

use std::{collections::HashMap, io, os::fd::AsFd, path::Path};

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
use supervisor_core::Run;
use tokio::io::{Interest, unix::AsyncFd};

/// Tells of changes in the groups it was given.
pub(super) struct Watch {
    inotify: AsyncFd<Instance>,
    runs: HashMap<WatchDescriptor, Run>,
    descriptors: HashMap<Run, WatchDescriptor>,
}

struct Instance(Inotify);

impl std::os::fd::AsRawFd for Instance {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Watch {
    pub(super) fn new() -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        // SAFETY: the instance keeps its descriptor open until it is dropped with the AsyncFd.
        let inotify = unsafe { AsyncFd::register(Instance(inotify)) }.map_err(io::Error::from)?;
        Ok(Self { inotify, runs: HashMap::new(), descriptors: HashMap::new() })
    }

    /// Begins to watch a group's `cgroup.events` for a run.
    pub(super) fn add(&mut self, run: Run, events: &Path) -> io::Result<()> {
        let watch = self.inotify.get_ref().0.add_watch(events, AddWatchFlags::IN_MODIFY)?;
        self.runs.insert(watch, run);
        self.descriptors.insert(run, watch);
        Ok(())
    }

    pub(super) fn remove(&mut self, run: Run) {
        if let Some(watch) = self.descriptors.remove(&run) {
            self.runs.remove(&watch);
            // A group that was removed has taken its watch along.
            let _ = self.inotify.get_ref().0.rm_watch(watch);
        }
    }

    /// Waits for a change; may be dropped and called again without loss.
    pub(super) async fn changed(&self) {
        match self.inotify.readable().await {
            Ok(mut guard) => guard.retain_ready(),
            // Only a runtime that is ending refuses; there is nothing left to wait for.
            Err(_) => std::future::pending().await,
        }
    }

    /// The runs whose groups have changed.
    pub(super) fn touched(&self) -> Vec<Run> {
        let read = |instance: &Instance| instance.0.read_events().map_err(io::Error::from);
        let mut touched = Vec::new();
        loop {
            match self.inotify.try_io(Interest::READABLE, read) {
                Ok(events) => {
                    touched.extend(events.iter().filter_map(|event| self.runs.get(&event.wd)));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return touched,
            }
        }
    }
}
