//! launchd keeps no descriptors: how a process ended while no daemon was there stays unknown.

use supervisor_core::Exit;

/// Keeps nothing.
#[derive(Debug)]
pub(in crate::os) struct FdStore;

impl FdStore {
    pub(in crate::os) fn open() -> Self {
        Self
    }

    pub(in crate::os) fn keep(&mut self, _: i32, _: Option<u64>) {}

    pub(in crate::os) fn let_go(&mut self, _: Option<u64>) {}

    pub(in crate::os) fn ended(&self, _: Option<u64>) -> Option<Exit> {
        None
    }

    pub(in crate::os) fn settle(&mut self, _: impl Fn(u64) -> bool) {}

    pub(in crate::os) fn is_told(&self) -> bool {
        true
    }

    pub(in crate::os) async fn tell(&mut self) {
        std::future::pending::<()>().await;
    }
}
