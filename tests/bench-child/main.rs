//! The service that the benchmark measures with: signs the ledger at the top of its main, then
//! idles, crashes, or logs as fast as it can.
//!
//! It has no Rust runtime below its main and allocates only to log, since its own start is part of
//! whatever is measured. `bench` links it statically, where it can.

#![cfg_attr(target_os = "linux", no_main)]

#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
#[path = "../bench/ledger.rs"]
mod ledger;

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("bench-child: the benchmark is for Linux");
}
