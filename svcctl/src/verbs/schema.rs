//! `svcctl schema definition|protocol|keys`: what definitions and messages may look like.

use clap::{Args, ValueEnum};
use protocol::{definition, message};

use crate::error::{Error, Exit};
use crate::output::Output;

/// Print the JSON Schema of definitions or of the protocol, or the page of all keys
#[derive(Debug, Args)]
#[command(after_help = "\
An editor that knows JSON Schema completes and checks definitions written as JSON with
svcctl schema definition > definition.schema.json")]
pub(crate) struct Arguments {
    /// Of what
    #[arg(value_enum, value_name = "WHAT")]
    what: What,
}

/// What is described.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// A definition: all keys, their values, and what each system does with them
    Definition,
    /// The control protocol: all methods, their parameters and results
    Protocol,
    /// All keys as a page to read, in Markdown
    Keys,
}

impl Arguments {
    /// Prints it.
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Error> {
        match self.what {
            What::Definition => output.line(format_args!("{:#}", definition::schema()))?,
            What::Protocol => output.line(format_args!("{:#}", message::schema()))?,
            What::Keys => output.text(&definition::page())?,
        }
        Ok(Exit::Done)
    }
}
