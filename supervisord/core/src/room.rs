//! Lets go of room that is left over from growing; changes nothing else.

use std::collections::BTreeMap;

/// Fills the nodes of a map: they are half empty after keys came in order.
pub fn shrink<K: Ord, V>(map: &mut BTreeMap<K, V>) {
    *map = std::mem::take(map).into_iter().collect();
}
