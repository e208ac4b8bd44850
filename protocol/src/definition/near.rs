//! Guesses what an unknown key was meant to be.

use super::key::Key;
use super::keys::KEYS;

/// The most slips of the finger within one name.
const SLIPS_MAX: usize = 2;

/// How alike two names must be where they differ by more: 1 is equal.
const ALIKE_MIN: f64 = 0.86;

/// No key is nearly as long; a longer name is not worth comparing.
const NAME_MAX: usize = 64;

/// A question to put to whoever wrote the name there.
pub(super) fn hint(name: &str, inside: &str, keys: &'static [Key]) -> Option<String> {
    if NAME_MAX < name.len() {
        return None;
    }
    if let Some(place) = elsewhere(name, inside) {
        return Some(place);
    }
    let lower = name.to_ascii_lowercase();
    let scored = keys.iter().map(|key| {
        let other = key.name.to_ascii_lowercase();
        let slips = strsim::osa_distance(&lower, &other);
        (slips, strsim::jaro_winkler(&lower, &other), key.name)
    });
    let (slips, alike, near) =
        scored.min_by(|(left, left_alike, _), (right, right_alike, _)| {
            left.cmp(right).then(right_alike.total_cmp(left_alike))
        })?;
    let is_near = slips <= SLIPS_MAX.min(name.len() / 3) || ALIKE_MIN <= alike;
    is_near.then(|| format!("did you mean {near}?"))
}

/// Where the name is a key, when it is one at another place.
fn elsewhere(name: &str, inside: &str) -> Option<String> {
    if !inside.is_empty() && KEYS.iter().any(|key| key.name == name) {
        return Some("it belongs at the top level".to_owned());
    }
    let top = inside.split('.').next().unwrap_or_default();
    let holder = KEYS
        .iter()
        .find(|key| key.name != top && key.kind.keys().iter().any(|inner| inner.name == name))?;
    Some(format!("it belongs inside {}", holder.name))
}
