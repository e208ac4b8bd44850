//! launchctl's words put into ours: load, unload, bootstrap, bootout, kickstart, print.
//!
//! A target like `system/web` or `gui/501/web` also tells the domain.

use std::path::PathBuf;

use clap::Subcommand;
use protocol::address::Domain;

use super::{add, remove, restart, start, status};
use crate::arguments::{Labels, Waiting};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;

/// launchctl's words.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Verb {
    /// launchctl's word for add
    #[command(hide = true)]
    Load {
        /// Accepted; enable is a verb of its own
        #[arg(short = 'w')]
        write: bool,
        /// Accepted; nothing is held back here
        #[arg(short = 'F')]
        force: bool,
        /// Files or folders
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// launchctl's word for remove
    #[command(hide = true)]
    Unload {
        /// Accepted; remove is for good anyway
        #[arg(short = 'w')]
        write: bool,
        /// The files that were loaded, or labels
        #[arg(required = true, value_name = "FILE|LABEL")]
        what: Vec<PathBuf>,
    },
    /// launchctl's newer word for add
    #[command(hide = true)]
    Bootstrap {
        /// Like system or gui/501
        domain: String,
        /// Files or folders
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// launchctl's newer word for remove
    #[command(hide = true)]
    Bootout {
        /// Like system/web, or gui/501 with files behind
        target: String,
        /// The files that were loaded
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// launchctl's word for start, with -k for restart
    #[command(hide = true)]
    Kickstart {
        /// End the present run first
        #[arg(short = 'k')]
        kill: bool,
        /// Accepted; the pid is always told
        #[arg(short = 'p')]
        print: bool,
        /// Like web, system/web or gui/501/web
        target: String,
    },
    /// launchctl's word for status
    #[command(hide = true)]
    Print {
        /// Like web, system/web or gui/501/web
        target: String,
    },
}

impl Verb {
    /// Does what our own verb does.
    pub(crate) fn run(self, place: &mut Place, output: &mut Output) -> Result<Exit, Error> {
        let waiting = Waiting::default();
        match self {
            Self::Load { files, .. } => add::Arguments::files(files).run(place, output),
            Self::Bootstrap { domain, files } => {
                prefer(place, &domain);
                add::Arguments::files(files).run(place, output)
            }
            Self::Unload { what, .. } => {
                let labels = Labels { labels: labels(&what)? };
                remove::Arguments { labels, waiting }.run(place, output)
            }
            Self::Bootout { target, files } if files.is_empty() => {
                let labels = labelled(place, &target);
                remove::Arguments { labels, waiting }.run(place, output)
            }
            Self::Bootout { target, files } => {
                prefer(place, &target);
                let labels = Labels { labels: labels(&files)? };
                remove::Arguments { labels, waiting }.run(place, output)
            }
            Self::Kickstart { kill: true, target, .. } => {
                let labels = labelled(place, &target);
                restart::Arguments { labels, waiting }.run(place, output)
            }
            Self::Kickstart { target, .. } => {
                let labels = labelled(place, &target);
                start::Arguments { labels, waiting }.run(place, output)
            }
            Self::Print { target } => {
                let labels = labelled(place, &target);
                status::Arguments { labels }.run(place, output)
            }
        }
    }
}

/// The label in a target, whose domain is taken along.
fn labelled(place: &mut Place, target: &str) -> Labels {
    let label = target.rsplit_once('/').map_or(target, |(domain, label)| {
        prefer(place, domain);
        label
    });
    Labels { labels: vec![label.to_owned()] }
}

fn prefer(place: &mut Place, domain: &str) {
    match domain.split('/').next() {
        Some("system") => place.prefer(Domain::System),
        Some("user" | "gui" | "login") => place.prefer(Domain::User),
        _ => {}
    }
}

/// The labels of files that exist; anything else is a label itself.
fn labels(what: &[PathBuf]) -> Result<Vec<String>, Error> {
    what.iter()
        .map(|what| if what.exists() { add::label_in(what) } else { add::as_label(what) })
        .collect()
}
