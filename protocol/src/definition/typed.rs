//! How a typed value and a property list value become one another.
//!
//! Reading assumes that [`super::check`] has passed the value: it never reports a fault, and what
//! does not fit counts as absent. Writing leaves out what is at its default, so the two are inverse.

use plist::Value;
use std::ops::{Deref, DerefMut};
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

impl<T: Keyed + std::fmt::Debug> std::fmt::Debug for Seldom<T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
integers!(u8 i32 u32 u64);

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
            Some(values) => Some(values.iter().filter_map(T::read).collect()),
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

/// Declares a struct whose fields are keys, each once: name, type, key, default.
macro_rules! keyed {
    (@default) => { Default::default() };
    (@default $default:expr) => { $default };
    ($(#[$meta:meta])* $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty = $key:literal $(or $default:expr)?;)*
        $(.. { $($(#[$rest_meta:meta])* $rest:ident: $rest_type:ty;)* })?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
            $($($(#[$rest_meta])* pub $rest: $rest_type,)*)?
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($field: $crate::definition::typed::keyed!(@default $($default)?),)*
                    $($($rest: Default::default(),)*)?
                }
            }
        }

        impl $crate::definition::typed::Keyed for $name {
            fn read_from(from: &plist::Dictionary) -> Self {
                let unset = Self::unset();
                Self {
                    $($field: from
                        .get($key)
                        .and_then($crate::definition::typed::Typed::read)
                        .unwrap_or_else(|| unset.$field.clone()),)*
                    $($($rest: $crate::definition::typed::Keyed::read_from(from),)*)?
                }
            }

            fn write_to(&self, to: &mut plist::Dictionary) {
                let unset = Self::unset();
                $(if self.$field != unset.$field
                    && let Some(value) = $crate::definition::typed::Typed::write(&self.$field)
                {
                    to.insert($key.to_owned(), value);
                })*
                $($($crate::definition::typed::Keyed::write_to(&self.$rest, to);)*)?
            }

            fn unset() -> &'static Self {
                static UNSET: std::sync::LazyLock<$name> = std::sync::LazyLock::new($name::default);
                &UNSET
            }
        }

        impl $crate::definition::typed::Typed for $name {
            fn read(value: &plist::Value) -> Option<Self> {
                value.as_dictionary().map($crate::definition::typed::Keyed::read_from)
            }

            fn write(&self) -> Option<plist::Value> {
                let mut dictionary = plist::Dictionary::new();
                $crate::definition::typed::Keyed::write_to(self, &mut dictionary);
                Some(plist::Value::Dictionary(dictionary))
            }
        }
    };
}
pub(super) use keyed;

/// Declares an enum whose variants are the words a key may have; the key table takes `WORDS`.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_meta])* $variant,)* }

        impl $name {
            /// The words as a definition spells them, in the order of the variants.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word as a definition spells it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl $crate::definition::typed::Typed for $name {
            fn read(value: &plist::Value) -> Option<Self> {
                match value.as_string()? {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }

            fn write(&self) -> Option<plist::Value> {
                Some(plist::Value::String(self.word().to_owned()))
            }
        }
    };
}
pub(super) use words;
