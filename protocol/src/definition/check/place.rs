//! Where in a definition a value is. Only names places.

use crate::definition::key::Wrong;

/// A place in the definition, and what a wrong value there leads to.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) path: String,
    pub(super) line: Option<u32>,
    pub(super) wrong: Wrong,
}

impl Place {
    pub(super) fn inside(&self, name: &str, line: Option<u32>) -> Self {
        let path = join(&self.path, name);
        Self { path, line: line.or(self.line), wrong: self.wrong }
    }

    pub(super) fn element(&self, at: usize, line: Option<u32>) -> Self {
        let path = format!("{}[{at}]", self.path);
        Self { path, line: line.or(self.line), wrong: self.wrong }
    }

    pub(super) const fn is_ignored(&self) -> bool {
        matches!(self.wrong, Wrong::Ignored)
    }
}

/// The path of a key inside another.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
