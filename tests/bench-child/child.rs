//! `bench-child LEDGER LABEL [idle | crash | log LINES BYTES]`; without words it ends at once, which
//! is the floor of starting any program.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ledger::{BEGAN, ENTRY, KIND_AT, LABEL, LABEL_AT, LOG_BEGAN, LOG_ENDED, PID_AT};

/// A numbered line: 12 digits, a blank, and the same letter up to the line's end.
const LINE: usize = 100;
const DIGITS: usize = 12;

#[unsafe(no_mangle)]
extern "C" fn main(count: c_int, words: *const *const c_char) -> c_int {
    let began = now();
    let word = |at: usize| {
        let there = usize::try_from(count).is_ok_and(|count| at < count);
        // SAFETY: the system hands over `count` strings that end in zero and live as long as we do.
        there.then(|| unsafe { CStr::from_ptr(*words.add(at)) })
    };
    let (Some(file), Some(label)) = (word(1), word(2)) else { return 0 };
    let Some(ledger) = Ledger::open(file) else { return 2 };
    ledger.sign(began, BEGAN, label);
    match word(3).map_or(&b"idle"[..], CStr::to_bytes) {
        b"idle" => idle(),
        b"crash" => 1,
        b"log" => match (word(4).and_then(number), word(5).and_then(number)) {
            (Some(lines), Some(bytes)) if 0 < bytes => log(lines, bytes, &ledger, label),
            _ => 2,
        },
        _ => 2,
    }
}

fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: fills in the structure it is given; this clock is on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

fn number(word: &CStr) -> Option<usize> {
    word.to_str().ok()?.parse().ok()
}

fn idle() -> ! {
    loop {
        // SAFETY: takes nothing and touches nothing.
        unsafe { libc::pause() };
    }
}

/// The ledger, mapped; never unmapped, for the process ends first.
struct Ledger {
    start: *mut u8,
    entries: usize,
}

impl Ledger {
    fn open(file: &CStr) -> Option<Self> {
        // SAFETY: the path ends in zero; the descriptor is used here alone.
        let descriptor = unsafe { libc::open(file.as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) };
        if descriptor < 0 {
            return None;
        }
        // SAFETY: asks for the length of an open file.
        let length = usize::try_from(unsafe { libc::lseek(descriptor, 0, libc::SEEK_END) }).ok()?;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping of a file that is never shortened; it outlives the descriptor.
        let start = unsafe {
            let start =
                libc::mmap(ptr::null_mut(), length, access, libc::MAP_SHARED, descriptor, 0);
            libc::close(descriptor);
            start
        };
        (start != libc::MAP_FAILED).then_some(Self { start: start.cast(), entries: length / ENTRY })
    }

    /// Appends an entry; one too many is left out, and missed by who reads.
    fn sign(&self, moment: u64, kind: u32, label: &CStr) {
        // SAFETY: a mapping begins at a page, so it is aligned; everybody counts atomically.
        let count = unsafe { AtomicU64::from_ptr(self.start.cast()) };
        let Ok(at) = usize::try_from(count.fetch_add(1, Ordering::SeqCst) + 1) else { return };
        if self.entries <= at {
            return;
        }
        let label = label.to_bytes();
        // SAFETY: the entry is inside the mapping and ours alone, its number being counted once.
        unsafe {
            let entry = self.start.add(at * ENTRY);
            entry.add(PID_AT).cast::<i32>().write(libc::getpid());
            entry.add(KIND_AT).cast::<u32>().write(kind);
            ptr::copy_nonoverlapping(label.as_ptr(), entry.add(LABEL_AT), label.len().min(LABEL));
            AtomicU64::from_ptr(entry.cast()).store(moment, Ordering::SeqCst);
        }
    }
}

/// Writes numbered lines, that many bytes a write, then stays.
fn log(lines: usize, bytes: usize, ledger: &Ledger, label: &CStr) -> c_int {
    let mut buffer = Vec::with_capacity(bytes + LINE);
    ledger.sign(now(), LOG_BEGAN, label);
    for line in 0..lines {
        append(line, &mut buffer);
        while bytes <= buffer.len() {
            if !write(&buffer[..bytes]) {
                return 3;
            }
            buffer.drain(..bytes);
        }
    }
    if !write(&buffer) {
        return 3;
    }
    ledger.sign(now(), LOG_ENDED, label);
    idle()
}

fn append(mut line: usize, buffer: &mut Vec<u8>) {
    let start = buffer.len();
    buffer.resize(start + LINE, b'x');
    for at in (start..start + DIGITS).rev() {
        buffer[at] = b"0123456789"[line % 10];
        line /= 10;
    }
    buffer[start + DIGITS] = b' ';
    buffer[start + LINE - 1] = b'\n';
}

fn write(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        // SAFETY: the bytes are there for as long as the call takes.
        let written = unsafe { libc::write(1, bytes.as_ptr().cast::<c_void>(), bytes.len()) };
        let Ok(written) = usize::try_from(written) else { return false };
        bytes = &bytes[written..];
    }
    true
}
