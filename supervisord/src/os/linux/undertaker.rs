//! The thread that removes control groups while the daemon ends: a removal costs as much as all
//! else there is to do about a process that has ended, so that two do it at a time.
//!
//! It touches no process and decides nothing.

use std::{
    io,
    sync::{Arc, mpsc},
    thread,
};

use supervisor_core::Run;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::cgroup::Groups;

const STACK_BYTES: usize = 128 * 1024;

/// Takes trees in and tells which of them are gone.
pub(super) struct Undertaker {
    trees: mpsc::Sender<(Run, Box<str>)>,
    buried: UnboundedReceiver<(Run, bool)>,
    /// Told, and not taken yet.
    next: Option<(Run, bool)>,
}

impl Undertaker {
    pub(super) fn hire(groups: Arc<Groups>) -> io::Result<Self> {
        let (trees, work) = mpsc::channel::<(Run, Box<str>)>();
        let (tell, buried) = unbounded_channel();
        let bury = move || {
            for (run, tree) in work {
                // Nobody may be there to hear it any more.
                let _ = tell.send((run, groups.remove_if_empty(&tree)));
            }
        };
        let builder = thread::Builder::new().name("undertaker".into()).stack_size(STACK_BYTES);
        builder.spawn(bury)?;
        Ok(Self { trees, buried, next: None })
    }

    /// Begins to remove a tree's group; false when there is nobody to do it.
    pub(super) fn bury(&self, run: Run, tree: &str) -> bool {
        self.trees.send((run, tree.into())).is_ok()
    }

    /// Waits until a tree is gone or was found to live; may be dropped and called again.
    pub(super) async fn told(&mut self) {
        if self.next.is_none() {
            self.next = self.buried.recv().await;
        }
    }

    /// A tree that was looked at, and whether it is gone.
    pub(super) fn try_next(&mut self) -> Option<(Run, bool)> {
        self.next.take().or_else(|| self.buried.try_recv().ok())
    }
}
