//! How the ledger is laid out that every measured child signs: entries of a file that all map.
//!
//! `bench-child` appends, `bench` reads; both include this file, nobody else knows the layout.

/// Length of an entry. The first is the ledger's own: its first 8 bytes count the signatures.
pub(crate) const ENTRY: usize = 64;
/// Where an entry has its pid, after the 8 bytes of CLOCK_MONOTONIC in nanoseconds, written last.
pub(crate) const PID_AT: usize = 8;
/// Where an entry says what it tells of.
pub(crate) const KIND_AT: usize = 12;
/// Where an entry has the label, filled up with zeros.
pub(crate) const LABEL_AT: usize = 16;
/// How many bytes a label may have.
pub(crate) const LABEL: usize = ENTRY - LABEL_AT;

/// A child began its main.
pub(crate) const BEGAN: u32 = 1;
/// A child is about to write its first line of log.
pub(crate) const LOG_BEGAN: u32 = 2;
/// A child's last line of log was accepted.
pub(crate) const LOG_ENDED: u32 = 3;
