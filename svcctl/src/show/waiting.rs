//! What a shutdown waits for: `waiting for db (told to end, killed in 17 s), web`.

use protocol::message::{Waiting, WaitingFor};

/// The sentence.
pub(crate) fn waiting(waiting: &Waiting) -> String {
    let service = |one: &WaitingFor| match one.why.as_str() {
        "" => one.label.clone(),
        why => format!("{} ({why})", one.label),
    };
    let mut names: Vec<String> = waiting.services.iter().map(service).collect();
    if waiting.more != 0 {
        names.push(format!("{} more", waiting.more));
    }
    format!("waiting for {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use protocol::message::Id;

    use super::*;

    #[test]
    fn services_are_named_with_what_they_do() {
        let one = |label: &str, why: &str| WaitingFor { label: label.into(), why: why.into() };
        let services = vec![one("db", "told to end, killed in 17 s"), one("web", "")];
        let mut told = Waiting { request: Id::Number(1), services, more: 0 };
        assert_eq!(waiting(&told), "waiting for db (told to end, killed in 17 s), web");
        told.more = 980;
        assert_eq!(waiting(&told), "waiting for db (told to end, killed in 17 s), web, 980 more");
    }
}
