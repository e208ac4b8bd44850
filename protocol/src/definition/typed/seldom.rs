//! A part that few have, at the cost of one word for those that do not. Never shows its absence.

use super::{Keyed, Typed};
use plist::Value;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// A part that few definitions have: costs one word until a field of it is written.
///
/// Reads as its `T` at all times; an absent one reads as the default.
#[derive(Clone, Default)]
pub struct Seldom<T>(Option<Box<T>>);

#[expect(private_bounds, reason = "which types have keys is settled in this module")]
impl<T: Keyed> Seldom<T> {
    /// True when nothing in it differs from the default.
    #[must_use]
    pub fn is_unset(&self) -> bool {
        self.0.as_deref().is_none_or(|set| set == T::unset())
    }
}

impl<T: Keyed> Deref for Seldom<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or_else(|| T::unset())
    }
}

impl<T: Keyed> DerefMut for Seldom<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl<T: Keyed> PartialEq for Seldom<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Keyed + fmt::Debug> fmt::Debug for Seldom<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(out)
    }
}

impl<T: Keyed> From<T> for Seldom<T> {
    fn from(part: T) -> Self {
        Self((part != *T::unset()).then(|| Box::new(part)))
    }
}

impl<T: Keyed> Keyed for Seldom<T> {
    fn read_from(from: &plist::Dictionary) -> Self {
        T::read_from(from).into()
    }

    fn write_to(&self, to: &mut plist::Dictionary) {
        if let Some(set) = &self.0 {
            set.write_to(to);
        }
    }

    fn unset() -> &'static Self {
        &Self(None)
    }
}

impl<T: Keyed> Typed for Seldom<T> {
    fn read(value: &Value) -> Option<Self> {
        value.as_dictionary().map(Self::read_from)
    }

    fn write(&self) -> Option<Value> {
        let mut dictionary = plist::Dictionary::new();
        self.write_to(&mut dictionary);
        (!dictionary.is_empty()).then_some(Value::Dictionary(dictionary))
    }
}
