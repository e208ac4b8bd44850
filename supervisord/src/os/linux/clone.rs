//! A child that shares the daemon's memory until it enters its program: no page table is copied,
//! and its failure is simply read from memory.

use std::{
    ffi::c_void,
    io,
    mem::offset_of,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
    ptr,
    sync::{
        LazyLock,
        atomic::{AtomicI32, Ordering::SeqCst},
    },
};

use libc::{c_int, c_long};

use super::sys;
use crate::os::unix::{Fault, Plan, become_program};

/// What `clone3` takes, as far as kernel 5.7 knows it.
#[repr(C, align(8))]
#[derive(Default)]
struct Arguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

const _: () = assert!(offset_of!(Arguments, cgroup) == 80 && size_of::<Arguments>() == 88);

/// The caller waits until the child has entered its program or ended. No exit signal is asked for:
/// a child that fails stays with its spawner, and exec turns it into one that tells by SIGCHLD.
const FLAGS: c_int = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PARENT_SETTID;
const PIDFD: u64 = 0x1000;
const CLEAR_SIGHAND: u64 = 0x1_0000_0000;
const INTO_CGROUP: u64 = 0x2_0000_0000;

/// What the child is given.
pub(super) struct Birth<'a> {
    pub(super) plan: &'a Plan,
    pub(super) fault: &'a Fault,
    /// Where its pid is written before it runs.
    pub(super) pid: &'a AtomicI32,
    pub(super) stack: &'a Stack,
}

/// Whether the kernel, and what a container lets through of it, can clone straight into a control
/// group. Otherwise the old call is used and the child joins the group itself.
pub(super) static HAS_CLONE3: LazyLock<bool> = LazyLock::new(|| {
    let has = has_clone3();
    if !has {
        sys::remember_no_clear_sighand();
    }
    has
});

/// Clones into a control group, if one is given; the pidfd is for the caller to look at.
pub(super) fn clone_into(birth: &Birth<'_>, group: Option<BorrowedFd<'_>>) -> io::Result<OwnedFd> {
    let mut pidfd: RawFd = -1;
    let mut arguments = Arguments {
        flags: FLAGS as u64 | PIDFD | CLEAR_SIGHAND,
        pidfd: (&raw mut pidfd) as u64,
        parent_tid: birth.pid.as_ptr() as u64,
        stack: birth.stack.bottom() as u64,
        stack_size: Stack::BYTES as u64,
        ..Arguments::default()
    };
    if let Some(group) = group {
        arguments.flags |= INTO_CGROUP;
        arguments.cgroup = group.as_raw_fd() as u64;
    }
    // SAFETY: the arguments and what they point to outlive the call, which returns here only when
    // the child is done with them; the stack is used by no other child, since this thread waits.
    let result = unsafe { raw_clone3(&mut arguments, enter, (&raw const *birth).cast()) };
    if result < 0 {
        return Err(io::Error::from_raw_os_error(-result as i32));
    }
    // SAFETY: the kernel has just put an open descriptor there that nobody else knows.
    Ok(unsafe { OwnedFd::from_raw_fd(pidfd) })
}

/// Clones by the call that every kernel has.
pub(super) fn clone_plainly(birth: &Birth<'_>) -> io::Result<()> {
    let argument = (&raw const *birth).cast_mut().cast();
    // SAFETY: as in `clone_into`; the stack is given by its upper end.
    let pid = unsafe {
        libc::clone(enter_plainly, birth.stack.top(), FLAGS, argument, birth.pid.as_ptr())
    };
    if pid < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

extern "C" fn enter(birth: *const c_void) -> ! {
    // SAFETY: this is the child; `birth` is what the parent, which waits, gave to the clone.
    unsafe {
        let birth = &*birth.cast::<Birth<'_>>();
        become_program(birth.plan, birth.fault);
        libc::_exit(127)
    }
}

extern "C" fn enter_plainly(birth: *mut c_void) -> c_int {
    enter(birth)
}

/// A descriptor that is not open tells a kernel that knows everything (EBADF) from one that does
/// not, or a filter that refuses, without making a process.
fn has_clone3() -> bool {
    let mut arguments = Arguments {
        flags: FLAGS as u64 | PIDFD | CLEAR_SIGHAND | INTO_CGROUP,
        cgroup: c_int::MAX as u64,
        ..Arguments::default()
    };
    let mut pidfd: RawFd = -1;
    let pid = AtomicI32::new(0);
    arguments.pidfd = (&raw mut pidfd) as u64;
    arguments.parent_tid = pid.as_ptr() as u64;
    if !cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        return false;
    }
    // SAFETY: no child comes of a control group that is not open.
    let result =
        unsafe { libc::syscall(libc::SYS_clone3, &raw mut arguments, size_of::<Arguments>()) };
    debug_assert!(result < 0 && pid.load(SeqCst) == 0);
    io::Error::last_os_error().raw_os_error() == Some(libc::EBADF)
}

/// `clone3` for a child with a stack of its own, which calls `main` and never returns from it.
///
/// # Safety
/// The arguments must name a stack that is not in use, and memory that outlives the child's use.
#[cfg(target_arch = "x86_64")]
unsafe fn raw_clone3(
    arguments: &mut Arguments,
    main: extern "C" fn(*const c_void) -> !,
    data: *const c_void,
) -> c_long {
    let result: c_long;
    // SAFETY: the parent comes back as from any system call. The child finds its registers as
    // they were but for the stack, which begins at a multiple of 16 as a call wants it.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r9",
            "call r8",
            "ud2",
            "2:",
            inlateout("rax") libc::SYS_clone3 => result,
            in("rdi") &raw mut *arguments,
            in("rsi") size_of::<Arguments>(),
            in("r8") main,
            in("r9") data,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    result
}

/// `clone3` for a child with a stack of its own, which calls `main` and never returns from it.
///
/// # Safety
/// The arguments must name a stack that is not in use, and memory that outlives the child's use.
#[cfg(target_arch = "aarch64")]
unsafe fn raw_clone3(
    arguments: &mut Arguments,
    main: extern "C" fn(*const c_void) -> !,
    data: *const c_void,
) -> c_long {
    let result: c_long;
    // SAFETY: as on x86_64.
    unsafe {
        std::arch::asm!(
            "svc #0",
            "cbnz x0, 2f",
            "mov x29, xzr",
            "mov x30, xzr",
            "mov x0, x10",
            "blr x9",
            "brk #1",
            "2:",
            in("x8") libc::SYS_clone3,
            inlateout("x0") &raw mut *arguments => result,
            in("x1") size_of::<Arguments>(),
            in("x9") main,
            in("x10") data,
        );
    }
    result
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
unsafe fn raw_clone3(
    _: &mut Arguments,
    _: extern "C" fn(*const c_void) -> !,
    _: *const c_void,
) -> c_long {
    -c_long::from(libc::ENOSYS)
}

/// The stack a thread's children use one after the other, with a page below it that faults.
pub(super) struct Stack(*mut c_void);

impl Stack {
    const BYTES: usize = 64 * 1024;
    const GUARD: usize = 64 * 1024;

    pub(super) fn new() -> io::Result<Self> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
        let (size, access) = (Self::GUARD + Self::BYTES, libc::PROT_READ | libc::PROT_WRITE);
        // SAFETY: a new mapping anywhere; nothing else refers to it.
        let memory = unsafe { libc::mmap(ptr::null_mut(), size, access, flags, -1, 0) };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let stack = Self(memory);
        // SAFETY: the range is the lower part of the mapping just made.
        if unsafe { libc::mprotect(memory, Self::GUARD, libc::PROT_NONE) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(stack)
    }

    fn bottom(&self) -> *mut c_void {
        self.0.wrapping_byte_add(Self::GUARD)
    }

    fn top(&self) -> *mut c_void {
        self.bottom().wrapping_byte_add(Self::BYTES)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours alone and no child runs on it any more.
        unsafe { libc::munmap(self.0, Self::GUARD + Self::BYTES) };
    }
}
