//! What a person should know of a service's logs, one line each.

use super::Streams;
use super::log::Log;
use crate::os;

impl Streams {
    /// The lines; `pid` is the service's process, while it has one. Looks at files, so not for the
    /// loop.
    #[must_use]
    pub fn notes(&self, label: &str, pid: Option<u32>) -> Vec<String> {
        let mut notes = Vec::new();
        for log in self.each() {
            let path = log.path.display();
            let stream = if self.stdout.as_ref().is_some_and(|stdout| stdout.path == log.path) {
                1
            } else {
                2
            };
            if pid.is_some_and(|pid| is_elsewhere(log, pid, stream)) {
                notes.push(format!(
                    "{path} was removed or renamed, and its process goes on writing to the old \
                     file; svcctl restart {label} makes a new one"
                ));
            }
            notes.extend(log.trouble().map(|trouble| format!("{path}: {trouble}")));
            if log.copies() {
                notes.push(format!("{path}: {COPIES}"));
            }
        }
        notes
    }
}

/// What is said of a file system that can't do better.
pub(super) const COPIES: &str = "its file system can't take the head of a file away; rotation \
    copies it and cuts it off, and what is written in that instant may be lost";

/// What the process writes to is a plain file that is not, or no longer, at the path.
fn is_elsewhere(log: &Log, pid: u32, stream: u32) -> bool {
    let open = os::open_file_of(pid, stream).filter(|open| open.is_plain);
    open.is_some_and(|open| {
        os::look(&log.path).is_ok_and(|at| at.number != open.number) || !log.path.exists()
    })
}
