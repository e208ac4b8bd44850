//! The project's own benchmark: what supervising costs, against a floor and the peers that are
//! installed, in one command. `cargo run --release -p tests --bin bench -- --help`
//!
//! It imports nothing of the product: ours is a peer among peers, seen as its users see it.

#[cfg(target_os = "linux")]
mod bars;
#[cfg(target_os = "linux")]
mod fault;
#[cfg(target_os = "linux")]
mod interrupt;
#[cfg(target_os = "linux")]
mod ledger;
#[cfg(target_os = "linux")]
mod logging;
#[cfg(target_os = "linux")]
mod machine;
#[cfg(target_os = "linux")]
mod metric;
#[cfg(target_os = "linux")]
mod options;
#[cfg(target_os = "linux")]
mod peers;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod programs;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod results;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod services;
#[cfg(target_os = "linux")]
mod session;
#[cfg(target_os = "linux")]
mod starts;
#[cfg(target_os = "linux")]
mod storm;
#[cfg(target_os = "linux")]
mod tables;
#[cfg(target_os = "linux")]
mod tools;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    run::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("bench: the benchmark is for Linux");
}
