//! How much a file may still make us build. Every reader asks before it makes a value.

use super::{Cause, DEPTH_MAX, NODES_MAX};

/// What is left of the allowance.
#[derive(Debug)]
pub(super) struct Budget {
    nodes: usize,
    depth: usize,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self { nodes: NODES_MAX, depth: DEPTH_MAX }
    }

    /// Pays for one value.
    pub(super) const fn node(&mut self) -> Result<(), Cause> {
        match self.nodes.checked_sub(1) {
            Some(left) => {
                self.nodes = left;
                Ok(())
            }
            None => Err(Cause::TooMany),
        }
    }

    /// Goes one level deeper, until [`Budget::leave`].
    pub(super) const fn enter(&mut self) -> Result<(), Cause> {
        match self.depth.checked_sub(1) {
            Some(left) => {
                self.depth = left;
                Ok(())
            }
            None => Err(Cause::TooDeep),
        }
    }

    pub(super) const fn leave(&mut self) {
        self.depth += 1;
    }
}
