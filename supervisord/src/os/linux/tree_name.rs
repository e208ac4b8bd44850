//! The name of a label's control group: readable, and never that of a kernel file beside it.

use std::fmt::Write;

/// The longest name of a directory.
const BYTES_MAX: usize = 255;

/// First words of the files the kernel keeps in every group; `cpu.stat` is a label too.
const KERNEL_WORDS: [&str; 11] =
    ["cgroup", "cpu", "cpuset", "dmem", "hugetlb", "io", "irq", "memory", "misc", "pids", "rdma"];

/// Encodes a label; different labels give different names.
pub(super) fn encode(label: &str) -> String {
    let is_kernel_word = |first: &str| KERNEL_WORDS.contains(&first);
    let dot = label.find('.').filter(|at| *at == 0 || is_kernel_word(&label[..*at]));
    let mut name = String::with_capacity(label.len());
    for (at, letter) in label.char_indices() {
        if letter.is_control() || matches!(letter, '%' | '/') || dot == Some(at) {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                // Writing to a string cannot fail.
                let _ = write!(name, "%{byte:02X}");
            }
        } else {
            name.push(letter);
        }
    }
    if BYTES_MAX < name.len() { shorten(&name) } else { name }
}

/// Keeps the head of a name that encoding made too long, and a number made from all of it.
fn shorten(name: &str) -> String {
    const NUMBER: usize = "%-0123456789abcdef".len();
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let end = (0..=BYTES_MAX - NUMBER).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    format!("{}%-{hash:016x}", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_labels_stay_readable_and_odd_ones_are_made_safe() {
        assert_eq!(encode("com.example.web"), "com.example.web");
        assert_eq!(encode("My Service"), "My Service");
        assert_eq!(encode("50%\n"), "50%25%0A");
        assert_eq!(encode("cgroup.procs"), "cgroup%2Eprocs");
        assert_eq!(encode(".."), "%2E.");
        assert_eq!(encode("cgrouped.procs"), "cgrouped.procs");
    }

    #[test]
    fn names_too_long_are_cut_and_stay_apart() {
        let (one, other) = ("%".repeat(255), format!("{}x", "%".repeat(254)));
        assert!(encode(&one).len() <= BYTES_MAX);
        assert_ne!(encode(&one), encode(&other));
        assert_eq!(encode(&"é".repeat(127)).len(), 254);
    }
}
