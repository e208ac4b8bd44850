//! No logon of this system starts programs for us.

use super::{Change, Entry};

/// Refuses.
pub(super) fn perform(_: &Change) -> Result<(), String> {
    Err("what is started at logon is Windows'".to_owned())
}

/// Nothing.
///
/// # Errors
/// None here.
pub fn find(_: &str) -> Result<Option<String>, String> {
    Ok(None)
}

/// The words with blanks between them.
#[must_use]
pub fn command(entry: &Entry) -> String {
    let words = entry.arguments.iter().map(|word| format!(" {}", word.display()));
    format!("\"{}\"{}", entry.program.display(), words.collect::<String>())
}
