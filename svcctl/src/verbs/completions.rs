//! `svcctl completions SHELL`: what a shell needs in order to complete our words.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::arguments;
use crate::error::{Error, Exit};
use crate::output::Output;

/// Print completions of svcctl's words for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  svcctl completions bash > /etc/bash_completion.d/svcctl
  svcctl completions zsh > /usr/local/share/zsh/site-functions/_svcctl
  svcctl completions fish > ~/.config/fish/completions/svcctl.fish
  svcctl completions powershell >> $PROFILE")]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

impl Arguments {
    /// Prints them.
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Error> {
        let mut command = arguments::Arguments::command();
        // Verbs are made when needed: all are.
        command.build();
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut command, "svcctl", &mut text);
        output.text(&String::from_utf8_lossy(&text))?;
        Ok(Exit::Done)
    }
}
