//! Tells of file systems that were mounted or unmounted, from the kernel's own list.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use tokio::io::Interest;

use crate::os::unix::Sensor;

const LIST: &str = "/proc/self/mountinfo";

/// The list of mounts as it was last seen.
#[derive(Debug)]
pub struct Mounts {
    list: Sensor,
    known: HashMap<Box<str>, PathBuf>,
}

/// How the list changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// Where something was mounted.
    pub mounted: Vec<PathBuf>,
    /// Where something was unmounted.
    pub unmounted: Vec<PathBuf>,
}

impl Mounts {
    /// Begins with what is mounted now.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let list = Sensor::exceptional(File::open(LIST)?.into())?;
        Ok(Self { list, known: read()? })
    }

    /// Waits for a change; may be dropped and called again without loss.
    pub async fn changed(&self) {
        self.list.ready(Interest::PRIORITY).await;
    }

    /// What changed since it was last asked.
    pub fn changes(&mut self) -> Changes {
        // Before the list is read: what comes after that is told again.
        self.list.seen(Interest::PRIORITY);
        let Ok(now) = read() else { return Changes::default() };
        let before = std::mem::replace(&mut self.known, now);
        let is_in = |mounts: &HashMap<Box<str>, PathBuf>, id: &str, place: &PathBuf| {
            mounts.get(id).is_some_and(|known| known == place)
        };
        let only_in = |these: &HashMap<Box<str>, PathBuf>, those| {
            let only = these.iter().filter(|(id, place)| !is_in(those, id, place));
            only.map(|(_, place)| place.clone()).collect()
        };
        Changes { mounted: only_in(&self.known, &before), unmounted: only_in(&before, &self.known) }
    }
}

/// Where each mount is, by what tells it from every other.
fn read() -> io::Result<HashMap<Box<str>, PathBuf>> {
    let text = fs::read(LIST)?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().filter_map(mount).collect())
}

/// `ID PARENT MAJOR:MINOR ROOT PLACE OPTIONS…`: number and device name a mount.
fn mount(line: &str) -> Option<(Box<str>, PathBuf)> {
    let mut words = line.split(' ');
    let (id, _parent, device, _root) = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some((format!("{id} {device}").into(), place(words.next()?)))
}

/// Blanks and the like are written in octal.
fn place(word: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let octal = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match (first, octal) {
            (b'\\', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[3..];
            }
            (other, _) => {
                bytes.push(*other);
                rest = tail;
            }
        }
    }
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_list_gives_number_device_and_place() {
        let line = r"36 35 98:0 /mnt1 /mnt/my\040disk rw,noatime master:1 - ext3 /dev/root rw";
        let (name, place) = mount(line).unwrap();
        assert_eq!((&*name, place), ("36 98:0", PathBuf::from("/mnt/my disk")));
        assert_eq!(mount("36 35"), None);
    }
}
