//! The client of supervisord: asks, shows the answer, and ends with a code that tells how it went.
//!
//! Decides nothing about services; what is not in an answer of the daemon is not shown.

mod arguments;
mod client;
mod error;
mod os;
mod output;
mod place;
mod show;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::error::Error;
use crate::output::Output;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut output = Output::new(arguments.json);
    let result = verbs::run(arguments, &mut output).and_then(|exit| {
        output.flush()?;
        Ok(exit)
    });
    match result {
        Ok(exit) => exit.into(),
        // Whoever read our output has seen enough, as in `svcctl list | head`.
        Err(Error::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => output.complain(&error).into(),
    }
}
