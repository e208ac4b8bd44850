//! Resource limits as written. Applying them is the daemon's.

use super::typed::keyed;

/// The number that stands for no limit at all.
pub const UNLIMITED: u64 = i64::MAX as u64;

keyed! {
    /// launchd.plist(5) `SoftResourceLimits` or `HardResourceLimits`; only given ones change, and
    /// [`UNLIMITED`] lifts one.
    Limits {
        /// Size of a core file, bytes.
        core: Option<u64> = "Core";
        /// Processor time of each process, seconds.
        cpu: Option<u64> = "CPU";
        /// Size of the data segment, bytes.
        data: Option<u64> = "Data";
        /// Size of a file written, bytes.
        file_size: Option<u64> = "FileSize";
        /// Memory locked, bytes.
        memory_lock: Option<u64> = "MemoryLock";
        /// Descriptors open at once.
        number_of_files: Option<u64> = "NumberOfFiles";
        /// Processes of the user.
        number_of_processes: Option<u64> = "NumberOfProcesses";
        /// Resident memory, bytes.
        resident_set_size: Option<u64> = "ResidentSetSize";
        /// Size of the stack, bytes.
        stack: Option<u64> = "Stack";
    }
}

impl Limits {
    /// Each limit given, under the name of its key, in the order of the table.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let all = [
            ("Core", self.core),
            ("CPU", self.cpu),
            ("Data", self.data),
            ("FileSize", self.file_size),
            ("MemoryLock", self.memory_lock),
            ("NumberOfFiles", self.number_of_files),
            ("NumberOfProcesses", self.number_of_processes),
            ("ResidentSetSize", self.resident_set_size),
            ("Stack", self.stack),
        ];
        all.into_iter().filter_map(|(name, limit)| Some((name, limit?)))
    }
}
