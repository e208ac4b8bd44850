//! There is no service control manager here.

use super::{Change, Entry, Found};

/// Refuses.
pub(super) fn perform(_: &Change) -> Result<(), String> {
    Err("the service control manager is Windows'".to_owned())
}

/// There is none.
///
/// # Errors
/// None here.
pub fn find(_: &str) -> Result<Option<Found>, String> {
    Ok(None)
}

/// Never.
#[must_use]
pub fn is_same_command(_: &Entry, _: &Found) -> bool {
    false
}
