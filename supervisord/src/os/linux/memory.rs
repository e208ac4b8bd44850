//! Gives memory back that a start of day took and nobody needs after it.
//!
//! Nothing is lost: what of the program is needed again comes back from the page cache.

use std::{
    ffi::{c_int, c_void},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

static IS_DUE: AtomicBool = AtomicBool::new(false);

/// Gives memory back as soon as the loop has nothing to do: what runs before that would only fetch
/// its pages again.
pub fn give_back_memory() {
    IS_DUE.store(true, Relaxed);
}

/// Is called whenever the loop has nothing to do.
pub fn about_to_wait() {
    if IS_DUE.load(Relaxed) {
        IS_DUE.store(false, Relaxed);
        give_back();
    }
}

/// Returns free memory to the system, and lets go of the pages of the program and its libraries,
/// most of which only a start runs through.
fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes a number, and touches only memory that is free.
    unsafe {
        libc::malloc_trim(0);
    }
    // SAFETY: the callback keeps to the contract of dl_iterate_phdr(3), and keeps nothing.
    unsafe {
        libc::dl_iterate_phdr(Some(let_go), std::ptr::null_mut());
    }
}

/// Lets go of what is mapped of one object and cannot be written to. The kernel's own, which is no
/// file, it keeps.
unsafe extern "C" fn let_go(
    object: *mut libc::dl_phdr_info,
    _: libc::size_t,
    _: *mut c_void,
) -> c_int {
    const GO_ON: c_int = 0;
    // SAFETY: the loader hands over a valid object, with as many headers as it says.
    let (base, headers) = unsafe {
        let object = &*object;
        let count = usize::from(object.dlpi_phnum);
        (object.dlpi_addr, std::slice::from_raw_parts(object.dlpi_phdr, count))
    };
    // SAFETY: takes a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) }.cast_unsigned();
    for header in headers {
        if header.p_type != libc::PT_LOAD || header.p_flags & libc::PF_W != 0 {
            continue;
        }
        let from = (base + header.p_vaddr).next_multiple_of(page);
        let until = (base + header.p_vaddr + header.p_memsz) / page * page;
        let length = until.saturating_sub(from) as usize;
        // SAFETY: a mapping of a file that is never written to: its pages can be read again.
        unsafe { libc::madvise(from as *mut c_void, length, libc::MADV_DONTNEED) };
    }
    GO_ON
}
