//! `svcctl apply`

use clap::Args;
use protocol::message::{Apply, Call, Plan};
use serde_json::value::RawValue;

use crate::client::{self, Client};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;
use crate::show;

const TASK: &str = "apply the services folder";

/// Read the services folder again and do what changed
#[derive(Debug, Args)]
#[command(after_help = "A file that can't be taken is reported; what was loaded from it stays.")]
pub(crate) struct Arguments {
    /// Only say what would be done
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// Why, for those who look at the history later
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Arguments {
    /// Shows the plan, done or not, and the files that could not be taken.
    pub(crate) fn run(&self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let mut client = Client::connect(place, TASK)?;
        client.be_patient(None);
        let call = Call::Apply(Apply { dry_run: self.dry_run, reason: self.reason.clone() });
        let mut exit = Exit::Done;
        client.ask_all([call], |answer, _| {
            exit = self.show(client::settle(TASK, answer)?, output)?;
            Ok(())
        })?;
        Ok(exit)
    }

    fn show(&self, answer: &RawValue, output: &mut Output) -> Result<Exit, Error> {
        let plan: Plan = client::read(TASK, answer)?;
        if output.is_json() {
            output.line(answer.get())?;
        } else if plan.steps.is_empty() && plan.rejected.is_empty() {
            output.line("nothing changed")?;
        } else {
            for step in &plan.steps {
                output.line(show::step(step, self.dry_run))?;
            }
        }
        for skipped in &plan.skipped {
            output.remark(format_args!("{}: not loaded: {}", skipped.file, skipped.why));
        }
        for rejected in &plan.rejected {
            for fault in &rejected.faults {
                output.remark(format_args!("cannot read {}: {fault}", rejected.file));
            }
        }
        Ok(if plan.rejected.is_empty() { Exit::Done } else { Exit::Failed })
    }
}
