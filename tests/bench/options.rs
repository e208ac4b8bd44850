//! What the caller wants measured.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Measures supervisord and svcctl against a floor and the peers that are installed, interleaved
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub(crate) struct Options {
    /// How many services, one or more numbers
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "100,1000")]
    pub(crate) n: Vec<usize>,
    /// Times that everything is measured; medians are told
    #[arg(long, value_name = "TIMES", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) reps: u32,
    /// Whom to measure, instead of all that are installed
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) peers: Vec<String>,
    /// What to measure, instead of all
    #[arg(long, value_name = "PART,…", value_delimiter = ',')]
    pub(crate) only: Vec<Part>,
    /// A smoke run: 50 services, once, and little of everything; its figures mean nothing
    #[arg(long)]
    pub(crate) quick: bool,
    /// Where supervisord and svcctl are; without it they are built
    #[arg(long, value_name = "DIR")]
    pub(crate) bin_dir: Option<PathBuf>,
    /// Where everything lives while it is measured
    #[arg(long, value_name = "DIR", default_value = "/dev/shm")]
    pub(crate) work: PathBuf,
    /// Where measured logs are written, if not there
    #[arg(long, value_name = "DIR")]
    pub(crate) log_dir: Option<PathBuf>,
    /// MiB that a log's writer writes
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    pub(crate) log_mib: usize,
    /// Write all samples to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the tables, and what they mean, to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}

/// What is measured together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Boot, memory, idling, restarts, the client and the mass stop, with N services
    Services,
    /// A healthy service beside 200 that crash all the time
    Storm,
    /// Throughput of logs
    Logs,
    /// Size and start of programs
    Programs,
}

/// How much of everything is measured.
#[derive(Debug, Clone)]
pub(crate) struct Amounts {
    /// Numbers of services, rising.
    pub(crate) scales: Vec<usize>,
    pub(crate) repetitions: u32,
    /// Services killed one after the other.
    pub(crate) kills: usize,
    /// Runs of a client that are measured.
    pub(crate) asks: usize,
    /// How long services idle.
    pub(crate) idle: Duration,
    /// Services that crash.
    pub(crate) crashing: usize,
    pub(crate) log_mib: usize,
    /// No series of one measurement takes longer.
    pub(crate) patience: Duration,
}

impl Options {
    pub(crate) fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    pub(crate) fn amounts(&self) -> Amounts {
        if self.quick {
            return Amounts {
                scales: vec![50],
                repetitions: 1,
                kills: 5,
                asks: 3,
                idle: Duration::from_secs(1),
                crashing: 10,
                log_mib: 4,
                patience: Duration::from_secs(5),
            };
        }
        let mut scales = self.n.clone();
        scales.sort_unstable();
        scales.dedup();
        Amounts {
            scales,
            repetitions: self.reps,
            kills: 100,
            asks: 20,
            idle: Duration::from_secs(20),
            crashing: 200,
            log_mib: self.log_mib,
            patience: Duration::from_secs(30),
        }
    }
}
