//! What the figures were measured on.

use std::fs;
use std::path::Path;

use nix::sys::statfs::statfs;
use nix::sys::utsname::uname;

/// The machine, as the report names it.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    pub(crate) memory_mib: u64,
    pub(crate) date: String,
}

impl Machine {
    pub(crate) fn look() -> Self {
        let value = |file, name| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_once(':').map(|(_, value)| value.trim().to_owned())
        };
        let memory = value("/proc/meminfo", "MemTotal").unwrap_or_default();
        let kibibytes: u64 =
            memory.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or_default();
        let unknown = || "a processor that does not tell its name".to_owned();
        Self {
            processor: value("/proc/cpuinfo", "model name").unwrap_or_else(unknown),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: uname()
                .map(|name| name.release().to_string_lossy().into_owned())
                .unwrap_or_default(),
            memory_mib: kibibytes / 1024,
            date: jiff::Zoned::now().strftime("%Y-%m-%d %H:%M %Z").to_string(),
        }
    }
}

/// Processes that wanted to run in the last minute: more than cores, and figures are not to be had.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The kind of file system that a folder is on; what rotation costs depends on it.
pub(crate) fn file_system(folder: &Path) -> &'static str {
    match statfs(folder).map(|facts| facts.filesystem_type().0) {
        Ok(libc::TMPFS_MAGIC) => "tmpfs",
        Ok(libc::EXT4_SUPER_MAGIC) => "ext4",
        Ok(libc::XFS_SUPER_MAGIC) => "xfs",
        Ok(libc::BTRFS_SUPER_MAGIC) => "btrfs",
        Ok(libc::OVERLAYFS_SUPER_MAGIC) => "overlay",
        Ok(_) | Err(_) => "another file system",
    }
}
