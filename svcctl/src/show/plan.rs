//! The steps of `apply`, one line each.

use protocol::message::{PlanStep, Step};

/// One step, as done or, in a dry run, as it would be done.
pub(crate) fn step(step: &PlanStep, dry_run: bool) -> String {
    let (done, to_do) = match step.step {
        Step::Add => ("added", "add"),
        Step::Remove => ("removed", "remove"),
        Step::Hot => ("changed while it runs", "change while it runs"),
        Step::NextStart => ("changed from its next start on", "change from its next start on"),
        Step::Restart => ("restarted", "restart"),
    };
    let PlanStep { label, why, .. } = step;
    let what = if dry_run { format!("would {to_do}") } else { done.to_owned() };
    if why.is_empty() { format!("{label}: {what}") } else { format!("{label}: {what}, {why}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_say_what_and_why() {
        let planned =
            |step, why: &str| PlanStep { label: "web".to_owned(), step, why: why.to_owned() };
        let restart = planned(Step::Restart, "ProgramArguments changed");
        assert_eq!(step(&restart, true), "web: would restart, ProgramArguments changed");
        assert_eq!(step(&restart, false), "web: restarted, ProgramArguments changed");
        assert_eq!(step(&planned(Step::Add, ""), false), "web: added");
        assert_eq!(
            step(&planned(Step::NextStart, "Nice changed"), false),
            "web: changed from its next start on, Nice changed"
        );
    }
}
