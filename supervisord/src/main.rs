//! The daemon's entry: arguments, background, log, loop. Everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use supervisord::arguments::Arguments;
use supervisord::start;

fn main() -> ExitCode {
    start::run(Arguments::parse())
}
