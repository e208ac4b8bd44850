//! Where the second version of control groups is mounted, and where in it this process is.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

/// The directory of this process's own control group.
pub(super) fn own_group() -> io::Result<PathBuf> {
    let mounts = fs::read("/proc/self/mountinfo")?;
    let groups = fs::read("/proc/self/cgroup")?;
    locate(&mounts, &groups).ok_or_else(|| io::Error::other("cgroup2 is not mounted here"))
}

fn locate(mounts: &[u8], groups: &[u8]) -> Option<PathBuf> {
    let mut lines = groups.split(|byte| *byte == b'\n');
    let own = lines.find_map(|line| line.strip_prefix(b"0::"))?;
    let own = PathBuf::from(OsString::from_vec(own.to_vec()));
    // A group above the root of our namespace has no name here.
    if own.starts_with("/..") {
        return None;
    }
    mounts.split(|byte| *byte == b'\n').find_map(|line| {
        let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        let dash = words.iter().position(|word| *word == b"-")?;
        if words.get(dash + 1) != Some(&b"cgroup2".as_slice()) {
            return None;
        }
        let inside = own.strip_prefix(unescape(words.get(3)?)).ok()?;
        Some(join(&unescape(words.get(4)?), inside))
    })
}

fn join(mount: &Path, inside: &Path) -> PathBuf {
    if inside.as_os_str().is_empty() { mount.to_owned() } else { mount.join(inside) }
}

/// Blanks and backslashes are written as three octal digits.
fn unescape(word: &[u8]) -> PathBuf {
    let mut plain = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail.get(..3).filter(|digits| digits.iter().all(|d| (b'0'..b'8').contains(d)));
        match digits {
            Some(digits) if *first == b'\\' => {
                plain.push(digits.iter().fold(0, |sum: u8, d| sum.wrapping_mul(8) + (d - b'0')));
                rest = &tail[3..];
            }
            Some(_) | None => {
                plain.push(*first);
                rest = tail;
            }
        }
    }
    PathBuf::from(OsString::from_vec(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mounts: &str, groups: &str, expected: Option<&str>) {
        assert_eq!(locate(mounts.as_bytes(), groups.as_bytes()), expected.map(PathBuf::from));
    }

    #[test]
    fn the_own_group_is_found_below_any_mount() {
        let unified = "25 1 0:22 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
        check(
            unified,
            "0::/system.slice/s.service\n",
            Some("/sys/fs/cgroup/system.slice/s.service"),
        );
        check(unified, "0::/\n", Some("/sys/fs/cgroup"));
        check(unified, "0::/../other\n", None);
        check(unified, "4:cpu:/x\n", None);
        let hybrid = "9 1 0:5 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
                      10 9 0:6 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        check(hybrid, "3:cpu:/\n0::/a\n", Some("/sys/fs/cgroup/unified/a"));
        let bound = "10 9 0:6 /docker/1 /sys/fs/cg\\040roup rw - cgroup2 cgroup2 rw\n";
        check(bound, "0::/docker/1/x\n", Some("/sys/fs/cg roup/x"));
        check(bound, "0::/elsewhere\n", None);
    }
}
