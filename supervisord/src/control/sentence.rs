//! Sentences of refusals: `cannot <verb> <object>: <cause>`, with what to do next.

use protocol::message::{Reason, Refusal};
use supervisor_core::Answer;

/// The refusal for an answer of the core that is not "done".
#[must_use]
pub fn refusal(answer: Answer, verb: &str, label: &str, why: &str, is_ending: bool) -> Refusal {
    let (reason, cause) = match answer {
        Answer::Failed => (Reason::Failed, failed(why)),
        Answer::Superseded | Answer::ShuttingDown if is_ending => {
            (Reason::ShuttingDown, "supervisord is ending".to_owned())
        }
        Answer::ShuttingDown => (Reason::ShuttingDown, "supervisord is ending".to_owned()),
        Answer::Disabled => {
            (Reason::Disabled, format!("it is disabled; run `svcctl enable {label}` first"))
        }
        Answer::Done { .. } | Answer::Superseded => {
            let cause = "another request took it elsewhere meanwhile".to_owned();
            (Reason::Superseded, if why.is_empty() { cause } else { format!("{cause} ({why})") })
        }
    };
    if answer == Answer::Failed && verb == "add" {
        let sentence = format!("cannot start {label}: {cause}; it was added all the same");
        return Refusal::new(reason, sentence);
    }
    Refusal::new(reason, format!("cannot {verb} {label}: {cause}"))
}

/// The core's words begin with "could not start: ", which the refusal says already.
fn failed(why: &str) -> String {
    why.strip_prefix("could not start: ").unwrap_or(why).to_owned()
}

/// It was done, but would be forgotten.
#[must_use]
pub fn not_stored(error: &str) -> String {
    format!("{error}; it was done, but the next start of supervisord will not know of it")
}

/// No service has that label.
#[must_use]
pub fn no_such_service(verb: &str, label: &str, nearest: Option<&str>) -> Refusal {
    let hint = nearest.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    let sentence = format!("cannot {verb} {label}: there is no such service{hint}");
    Refusal::new(Reason::NoSuchService, sentence)
}
