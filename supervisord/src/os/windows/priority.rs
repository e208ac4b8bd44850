//! How much of the machine a process gets before others: its priority class, and how it stands at
//! disk and memory.

use std::ffi::c_void;

use windows_sys::{
    Wdk::System::Threading::{PROCESSINFOCLASS, ProcessIoPriority},
    Win32::Foundation::{HANDLE, NTSTATUS},
    Win32::System::Threading::{
        ABOVE_NORMAL_PRIORITY_CLASS, BELOW_NORMAL_PRIORITY_CLASS, HIGH_PRIORITY_CLASS,
        IDLE_PRIORITY_CLASS, MEMORY_PRIORITY_INFORMATION, MEMORY_PRIORITY_VERY_LOW,
        NORMAL_PRIORITY_CLASS, ProcessMemoryPriority, SetProcessInformation,
    },
};

use super::{check, process::Process};
use crate::os::Launch;

#[link(name = "ntdll", kind = "raw-dylib")]
unsafe extern "system" {
    fn NtSetInformationProcess(
        process: HANDLE,
        class: PROCESSINFOCLASS,
        information: *const c_void,
        length: u32,
    ) -> NTSTATUS;
}

/// What background work has when it is given nothing else, as on Linux.
const BACKGROUND_NICE: i32 = 10;

/// `IoPriorityVeryLow`, which is what Windows' own background mode has.
static IO_VERY_LOW: u32 = 0;

/// The class that comes closest to a nice value; the highest would hold up the system itself.
pub(super) fn class(launch: &Launch) -> u32 {
    let nice = launch.nice.or(launch.is_background.then_some(BACKGROUND_NICE));
    match nice.unwrap_or(0) {
        ..=-10 => HIGH_PRIORITY_CLASS,
        -9..=-1 => ABOVE_NORMAL_PRIORITY_CLASS,
        0 => NORMAL_PRIORITY_CLASS,
        1..=9 => BELOW_NORMAL_PRIORITY_CLASS,
        10.. => IDLE_PRIORITY_CLASS,
    }
}

/// Lets a process wait for others where it is to. One that is refused that runs all the same.
pub(super) fn yield_to_others(process: &Process, launch: &Launch) {
    if launch.is_background {
        let low = MEMORY_PRIORITY_INFORMATION { MemoryPriority: MEMORY_PRIORITY_VERY_LOW };
        let size = size_of_val(&low) as u32;
        // SAFETY: the handle is open, and the value is live and of that size.
        let set = check(unsafe {
            let low = (&raw const low).cast();
            SetProcessInformation(process.raw(), ProcessMemoryPriority, low, size)
        });
        if let Err(error) = set {
            log::debug!("cannot lower the memory priority of {}: {error}", launch.tree);
        }
    }
    if launch.is_background || launch.has_idle_disk {
        let size = size_of_val(&IO_VERY_LOW) as u32;
        // SAFETY: as above.
        let status = unsafe {
            let low = (&raw const IO_VERY_LOW).cast();
            NtSetInformationProcess(process.raw(), ProcessIoPriority, low, size)
        };
        if status < 0 {
            log::debug!("cannot lower the disk priority of {}: status {status:#x}", launch.tree);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn background_work_is_idle_unless_its_nice_value_is_given() {
        let class = |is_background, nice| {
            class(&Launch { is_background, nice, ..Launch::new("web", "web") })
        };
        assert_eq!(class(false, None), NORMAL_PRIORITY_CLASS);
        assert_eq!(class(true, None), IDLE_PRIORITY_CLASS);
        assert_eq!(class(true, Some(5)), BELOW_NORMAL_PRIORITY_CLASS);
        assert_eq!(class(false, Some(-20)), HIGH_PRIORITY_CLASS);
    }
}
