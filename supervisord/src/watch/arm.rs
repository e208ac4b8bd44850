//! Sets the watches for one path: on what it leads to, or where that would appear, and on every
//! folder and link on the way, so that nothing can take their place unseen.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::nodes::Nodes;
use super::path::Purpose;
use super::paths::PathId;
use crate::os::{Interest, Place};

/// How often a way that changes under our feet is walked anew before its events have to do.
const ATTEMPTS: usize = 8;

/// Links on one way, as the system has it.
const LINKS_MAX: usize = 40;

/// The watches of one path.
#[derive(Debug, Default)]
pub(super) struct Armed {
    pub(super) places: Vec<(Place, Interest)>,
    /// The name that has to appear for the way to go on, and whether it is the last of it.
    pub(super) awaited: Option<(OsString, bool)>,
    /// Where the way leads in truth, when there are links on it.
    pub(super) real: Option<PathBuf>,
}

/// Sets the watches of a path.
pub(super) fn arm(
    nodes: &mut Nodes,
    user: PathId,
    path: &Path,
    purpose: Purpose,
) -> (Armed, io::Result<()>) {
    let mut walk = Walk { nodes, user, armed: Armed::default() };
    for _ in 1..ATTEMPTS {
        match walk.go(path, purpose) {
            Err(error) if is_changed(&error) => walk.undo(),
            result => return (walk.armed, result),
        }
    }
    let result = walk.go(path, purpose);
    (walk.armed, result)
}

/// Something on the way is no longer what it just was.
fn is_changed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

enum Step {
    Root(PathBuf),
    Up,
    Name(OsString),
}

struct Walk<'a> {
    nodes: &'a mut Nodes,
    user: PathId,
    armed: Armed,
}

impl Walk<'_> {
    fn go(&mut self, path: &Path, purpose: Purpose) -> io::Result<()> {
        let mut ahead = Vec::new();
        push(&mut ahead, path);
        let mut here = PathBuf::new();
        let mut links = 0;
        while let Some(step) = ahead.pop() {
            let name = match step {
                Step::Root(root) => {
                    here = root;
                    continue;
                }
                Step::Up => {
                    here.pop();
                    continue;
                }
                Step::Name(name) => name,
            };
            let next = here.join(&name);
            match fs::symlink_metadata(&next) {
                Ok(found) if found.is_symlink() && links < LINKS_MAX => {
                    links += 1;
                    self.pass(&next, Interest::PRESENCE)?;
                    push(&mut ahead, &fs::read_link(&next)?);
                }
                Ok(_) => {
                    here = next;
                    if !ahead.is_empty() {
                        self.pass(&here, Interest::PASSAGE)?;
                    }
                }
                Err(_) => {
                    self.attach(&here, Interest::ARRIVALS)?;
                    self.armed.awaited = Some((name, ahead.is_empty()));
                    self.armed.real = (links != 0).then(|| next.clone());
                    // What appeared before the watch was set would never be told.
                    return match fs::symlink_metadata(&next) {
                        Ok(_) => Err(io::ErrorKind::NotFound.into()),
                        Err(_) => Ok(()),
                    };
                }
            }
        }
        self.armed.real = (links != 0).then(|| here.clone());
        self.attach(&here, purpose.interest(here.is_dir()))
    }

    /// A folder that may be passed but not read can't be watched, which is no reason to give up.
    fn pass(&mut self, path: &Path, interest: Interest) -> io::Result<()> {
        match self.attach(path, interest) {
            Err(error) if is_changed(&error) => Err(error),
            Err(_) | Ok(()) => Ok(()),
        }
    }

    fn attach(&mut self, path: &Path, interest: Interest) -> io::Result<()> {
        let place = self.nodes.attach(self.user, path, interest)?;
        // A way may come along the same folder twice.
        if !self.armed.places.contains(&(place, interest)) {
            self.armed.places.push((place, interest));
        }
        Ok(())
    }

    fn undo(&mut self) {
        let armed = std::mem::take(&mut self.armed);
        for (place, interest) in armed.places {
            self.nodes.detach(self.user, place, interest);
        }
    }
}

/// Puts the steps of a path on top of those that follow it.
fn push(ahead: &mut Vec<Step>, path: &Path) {
    let mut root = PathBuf::new();
    let mut steps = Vec::new();
    for component in path.components() {
        match component {
            Component::Prefix(prefix) => root.push(prefix.as_os_str()),
            Component::RootDir => {
                root.push(component.as_os_str());
                steps.push(Step::Root(root.clone()));
            }
            Component::CurDir => {}
            Component::ParentDir => steps.push(Step::Up),
            Component::Normal(name) => steps.push(Step::Name(name.to_owned())),
        }
    }
    ahead.extend(steps.into_iter().rev());
}
