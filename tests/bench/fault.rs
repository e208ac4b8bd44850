//! Why something could not be measured: a sentence for the report, never a reason to end.

use std::fmt::{self, Display, Formatter};

/// `cannot <verb> <object>: <cause>`, or another whole sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) String);

/// What came of something that the world can spoil.
pub(crate) type Outcome<T> = Result<T, Fault>;

/// Turns any cause into a fault that names what was tried.
pub(crate) trait Cannot<T> {
    /// `what` is a verb and its object.
    fn cannot(self, what: impl Display) -> Outcome<T>;
}

impl<T, E: Display> Cannot<T> for Result<T, E> {
    fn cannot(self, what: impl Display) -> Outcome<T> {
        self.map_err(|cause| Fault(format!("cannot {what}: {cause}")))
    }
}

impl Display for Fault {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
