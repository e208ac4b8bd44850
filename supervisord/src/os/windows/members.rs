//! Which processes are in a job.

use std::mem::offset_of;
use std::ptr;

use windows_sys::Win32::{
    Foundation::HANDLE,
    System::JobObjects::{
        JOBOBJECT_BASIC_PROCESS_ID_LIST, JobObjectBasicProcessIdList, QueryInformationJobObject,
    },
};

/// Where the numbers begin in the system's list, in words of their size.
const HEAD: usize = offset_of!(JOBOBJECT_BASIC_PROCESS_ID_LIST, ProcessIdList) / size_of::<usize>();

/// More than a usual service has.
const ROOM: usize = 64;

/// More than any has; beyond that the list is cut off.
const ROOM_MAX: usize = 1 << 16;

/// The numbers of the processes in that job.
pub(super) fn pids(job: HANDLE) -> Vec<u32> {
    let mut list = vec![0_usize; HEAD + ROOM];
    // The list is full when the last place is taken; then there may be more.
    while !fill(job, &mut list) && list.len() < ROOM_MAX {
        let length = 2 * list.len();
        list.clear();
        list.resize(length, 0);
    }
    let listed = list[HEAD..].iter().take_while(|pid| **pid != 0);
    listed.map(|pid| *pid as u32).collect()
}

/// Lists as many as there is room for; true when that were all.
fn fill(job: HANDLE, list: &mut [usize]) -> bool {
    // SAFETY: the list is live and of that size, and aligned as the system's structure is.
    unsafe {
        QueryInformationJobObject(
            job,
            JobObjectBasicProcessIdList,
            list.as_mut_ptr().cast(),
            size_of_val(list) as u32,
            ptr::null_mut(),
        )
    };
    list.last() == Some(&0)
}
