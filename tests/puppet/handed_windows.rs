//! Windows hands no sockets over.

/// Refuses.
pub(crate) fn serve() -> Result<(), String> {
    Err("there are no sockets to be handed over here".to_owned())
}

/// Does nothing.
pub(crate) fn accept_one() {}

/// Does nothing.
pub(crate) fn converse() {}
