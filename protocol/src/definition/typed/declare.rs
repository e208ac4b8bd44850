//! Declarations that make a type and both its directions at once, so that none can be forgotten.

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
pub(in crate::definition) use keyed;

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
pub(in crate::definition) use words;
