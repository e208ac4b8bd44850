//! Which services are meant: labels, and patterns with `*` and `?`.

use protocol::message::{Brief, Call, List, Page, Reason, Refusal};

use crate::client::Client;
use crate::error::Error;

/// The labels that words mean, each once, in the order they were typed; of a pattern in order of
/// labels. A label that holds a `*` itself means itself.
pub(super) fn resolve(client: &mut Client, words: &[String]) -> Result<Vec<String>, Error> {
    let is_pattern = |word: &String| word.contains(['*', '?']);
    if !words.iter().any(is_pattern) {
        return Ok(once(words.to_vec()));
    }
    let known = all(client)?;
    let mut meant = Vec::new();
    for word in words {
        if !is_pattern(word) || known.contains(word) {
            meant.push(word.clone());
            continue;
        }
        let before = meant.len();
        meant.extend(known.iter().filter(|label| matches(word, label)).cloned());
        if meant.len() == before {
            let sentence =
                format!("cannot show the log of {word}: no service's label is like that");
            return Err(Error::Refused(Refusal::new(Reason::NoSuchService, sentence)));
        }
    }
    Ok(once(meant))
}

fn all(client: &mut Client) -> Result<Vec<String>, Error> {
    let mut labels = Vec::new();
    let mut after = None;
    loop {
        let list = List { after, limit: None, brief: true };
        let page: Page<Brief<'_>> = client.ask(Call::List(list))?;
        labels.extend(page.services.into_iter().map(|row| row.label.into_owned()));
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(labels),
        }
    }
}

fn once(labels: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for label in labels {
        if !kept.contains(&label) {
            kept.push(label);
        }
    }
    kept
}

/// `*` stands for any letters, none included, `?` for one.
fn matches(pattern: &str, label: &str) -> bool {
    let (pattern, label): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), label.chars().collect());
    let (mut at, mut from) = (0, 0);
    let mut star = None;
    while from < label.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == label[from] => {
                (at, from) = (at + 1, from + 1);
            }
            Some(_) | None => match star {
                // The last star takes one letter more.
                Some((place, taken)) => {
                    star = Some((place, taken + 1));
                    (at, from) = (place + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_labels() {
        for (pattern, label) in [
            ("web*", "web"),
            ("web*", "web-1"),
            ("*", "anything at all"),
            ("*.db.*", "com.db.main"),
            ("w?b", "wéb"),
            ("*a*b*c", "xaxbxbxc"),
        ] {
            assert!(matches(pattern, label), "{pattern} {label}");
        }
        for (pattern, label) in [("web*", "my web"), ("w?b", "wb"), ("*a", "ab"), ("", "a")] {
            assert!(!matches(pattern, label), "{pattern} {label}");
        }
    }

    #[test]
    fn each_label_is_meant_once() {
        let words = ["b", "a", "b"].map(str::to_owned).to_vec();
        assert_eq!(once(words), ["b", "a"]);
    }
}
