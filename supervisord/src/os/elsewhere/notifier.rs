//! No service manager of this system wants to be told anything by messages.

use crate::os::Handle;

/// The service manager's ear; it can't be had here.
#[derive(Debug)]
pub struct Notifier(std::convert::Infallible);

impl Notifier {
    /// None.
    #[must_use]
    pub fn find() -> Option<Self> {
        None
    }

    /// Tells something.
    pub fn tell(&mut self, _: String) {
        match self.0 {}
    }

    /// Gives a descriptor along.
    pub fn give(&mut self, _: String, _: Handle) {
        match self.0 {}
    }

    /// Tells that definitions are being read anew.
    pub fn tell_reloading(&mut self) {
        match self.0 {}
    }

    /// Everything was told.
    #[must_use]
    pub fn is_done(&self) -> bool {
        match self.0 {}
    }

    /// Sends what is queued.
    pub async fn send(&mut self) {
        match self.0 {}
    }
}
