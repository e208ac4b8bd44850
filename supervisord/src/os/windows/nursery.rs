//! One thread's way from a launch to a process.

use supervisor_core::Run;

use super::{Workshop, create::create, glob, process::Child, user};
use crate::os::{Launch, Patterns, SpawnError, Stage};

/// What a spawner thread needs for all its children: nothing here.
pub(in crate::os) struct Nursery;

impl Nursery {
    pub(in crate::os) fn new() -> Self {
        Self
    }

    /// Starts a process and lets it run.
    pub(in crate::os) fn start(
        &mut self,
        run: Run,
        launch: &Launch,
        workshop: &Workshop,
        _: &Slot,
    ) -> Result<Child, SpawnError> {
        if let Some(account) = &launch.account {
            user::accept(account)?;
        }
        if let Some(root) = &launch.root {
            let detail = String::from("a root directory is not available on Windows");
            return Err(SpawnError::because(Stage::Root, Some(root.clone().into()), detail));
        }
        match launch.patterns {
            Patterns::None => create(run, launch, &workshop.domain),
            Patterns::Arguments | Patterns::ProgramToo => {
                create(run, &glob::expand(launch), &workshop.domain)
            }
        }
    }
}

/// A process handle is never somebody else's, so nothing has to be known of spawns under way.
#[derive(Default)]
pub(in crate::os) struct Slot;

impl Slot {
    pub(in crate::os) fn enter(&self, _: Run) {}

    pub(in crate::os) fn leave(&self) {}

    pub(in crate::os) fn stillborn(&self) -> Option<i32> {
        None
    }
}
