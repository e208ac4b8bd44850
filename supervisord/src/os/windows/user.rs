//! Accounts: a process runs as whoever the daemon is; another account needs a password.

use crate::os::{Account, SpawnError, Stage};

/// Accepts the daemon's own account and refuses every other.
pub(super) fn accept(account: &Account) -> Result<(), SpawnError> {
    let own = std::env::var("USERNAME").unwrap_or_default();
    match &account.user {
        Some(user) if !user.eq_ignore_ascii_case(&own) => {
            let detail = String::from("another account is not available on Windows");
            Err(SpawnError::because(Stage::Account, Some(user.into()), detail))
        }
        Some(_) | None => Ok(()),
    }
}
