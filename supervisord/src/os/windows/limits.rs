//! Limits that a job object can keep; Windows has no others.

use windows_sys::Win32::System::JobObjects::{
    JOB_OBJECT_LIMIT_ACTIVE_PROCESS, JOB_OBJECT_LIMIT_PROCESS_MEMORY,
    JOB_OBJECT_LIMIT_PROCESS_TIME, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject,
};

use super::{check, tree::Tree};
use crate::os::{Limit, Resource, SpawnError, Stage};

/// Processor time is counted in units of 100 ns.
const SECOND: u64 = 10_000_000;

/// Sets what the limits of a launch say; those that Windows doesn't have are said by `check`.
///
/// There is one limit in force here, so that the lower of the two given counts.
pub(super) fn set(tree: &Tree, limits: &[Limit]) -> Result<(), SpawnError> {
    let mut facts = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    for limit in limits {
        let given = limit.soft.into_iter().chain(limit.hard);
        let Some(value) = given.min().filter(|value| *value != u64::MAX) else { continue };
        let basic = &mut facts.BasicLimitInformation;
        match limit.resource {
            Resource::Cpu => {
                let time = value.saturating_mul(SECOND);
                basic.PerProcessUserTimeLimit = i64::try_from(time).unwrap_or(i64::MAX);
                basic.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_TIME;
            }
            Resource::NumberOfProcesses => {
                // The service itself is one.
                basic.ActiveProcessLimit = u32::try_from(value.max(1)).unwrap_or(u32::MAX);
                basic.LimitFlags |= JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
            }
            Resource::Data | Resource::ResidentSetSize => {
                let value = usize::try_from(value).unwrap_or(usize::MAX);
                let is_set = basic.LimitFlags & JOB_OBJECT_LIMIT_PROCESS_MEMORY != 0;
                let least = if is_set { facts.ProcessMemoryLimit.min(value) } else { value };
                basic.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_MEMORY;
                facts.ProcessMemoryLimit = least;
            }
            Resource::Core
            | Resource::FileSize
            | Resource::MemoryLock
            | Resource::NumberOfFiles
            | Resource::Stack => {}
        }
    }
    if facts.BasicLimitInformation.LimitFlags == 0 {
        return Ok(());
    }
    // SAFETY: the structure is live and of that size.
    let set = check(unsafe {
        SetInformationJobObject(
            tree.raw(),
            JobObjectExtendedLimitInformation,
            (&raw const facts).cast(),
            size_of_val(&facts) as u32,
        )
    });
    set.map_err(|error| SpawnError::from_io(Stage::Limit, None, &error))
}
