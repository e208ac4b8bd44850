//! Systems whose memory nobody has to give back.

/// Does nothing: here the system takes what was not used for long.
pub fn give_back_memory() {}

/// Does nothing either.
pub fn about_to_wait() {}
