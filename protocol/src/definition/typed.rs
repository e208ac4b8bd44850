//! How a typed value and a property list value become one another.
//!
//! Reading assumes that [`super::check`] has passed the value: it never reports a fault, and what
//! does not fit counts as absent. Writing leaves out what is at its default: the two are inverse.

mod declare;
mod seldom;

pub(super) use declare::{keyed, words};
pub use seldom::Seldom;

use plist::Value;
use std::time::Duration;

/// A value that a property list can hold.
pub(super) trait Typed: Sized {
    fn read(value: &Value) -> Option<Self>;
    fn write(&self) -> Option<Value>;
}

/// A struct whose fields are keys of one dictionary.
pub(super) trait Keyed: Default + PartialEq + Clone + 'static {
    fn read_from(from: &plist::Dictionary) -> Self;
    fn write_to(&self, to: &mut plist::Dictionary);
    fn unset() -> &'static Self;
}

impl Typed for bool {
    fn read(value: &Value) -> Option<Self> {
        value.as_boolean()
    }

    fn write(&self) -> Option<Value> {
        Some(Value::Boolean(*self))
    }
}

impl Typed for String {
    fn read(value: &Value) -> Option<Self> {
        value.as_string().map(str::to_owned)
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.clone()))
    }
}

impl Typed for Box<str> {
    fn read(value: &Value) -> Option<Self> {
        value.as_string().map(Self::from)
    }

    fn write(&self) -> Option<Value> {
        Some(Value::String(self.to_string()))
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl Typed for $type {
            fn read(value: &Value) -> Option<Self> {
                match value.as_signed_integer() {
                    Some(integer) => integer.try_into().ok(),
                    None => value.as_unsigned_integer()?.try_into().ok(),
                }
            }

            fn write(&self) -> Option<Value> {
                Some(Value::Integer((*self).into()))
            }
        }
    )*};
}
integers!(u8 i32 i64 u32 u64);

impl Typed for f64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_real().or_else(|| u32::read(value).map(Self::from))
    }

    fn write(&self) -> Option<Value> {
        Some(Value::Real(*self))
    }
}

impl Typed for Duration {
    fn read(value: &Value) -> Option<Self> {
        match value.as_unsigned_integer() {
            Some(seconds) => Some(Self::from_secs(seconds)),
            None => Self::try_from_secs_f64(value.as_real()?).ok(),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(match self.subsec_nanos() {
            0 => Value::Integer(self.as_secs().into()),
            1.. => Value::Real(self.as_secs_f64()),
        })
    }
}

impl<T: Typed> Typed for Option<T> {
    fn read(value: &Value) -> Option<Self> {
        T::read(value).map(Some)
    }

    fn write(&self) -> Option<Value> {
        self.as_ref()?.write()
    }
}

impl<T: Typed> Typed for Box<T> {
    fn read(value: &Value) -> Option<Self> {
        T::read(value).map(Self::new)
    }

    fn write(&self) -> Option<Value> {
        (**self).write()
    }
}

impl<T: Typed> Typed for Vec<T> {
    /// A single value stands for a list of one.
    fn read(value: &Value) -> Option<Self> {
        match value.as_array() {
            Some(values) => {
                let mut values: Self = values.iter().filter_map(T::read).collect();
                // It is kept as long as its service.
                values.shrink_to_fit();
                Some(values)
            }
            None => T::read(value).map(|single| vec![single]),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::Array(self.iter().filter_map(T::write).collect()))
    }
}

impl<T: Typed> Typed for Vec<(String, T)> {
    /// Sorted by name, since a dictionary has no order; a list of names stands for names with
    /// nothing said about them.
    fn read(value: &Value) -> Option<Self> {
        let nothing = Value::Dictionary(plist::Dictionary::new());
        let mut entries: Self = match value.as_array() {
            Some(names) => names
                .iter()
                .filter_map(|name| Some((String::read(name)?, T::read(&nothing)?)))
                .collect(),
            None => value
                .as_dictionary()?
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), T::read(value)?)))
                .collect(),
        };
        entries.sort_by(|(left, _), (right, _)| left.cmp(right));
        entries.dedup_by(|(left, _), (right, _)| left == right);
        Some(entries)
    }

    fn write(&self) -> Option<Value> {
        let entries = self.iter().filter_map(|(name, value)| Some((name.clone(), value.write()?)));
        Some(Value::Dictionary(entries.collect()))
    }
}
