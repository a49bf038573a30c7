//! Enums of words: the same words in code, JSON, tables and URLs.

/// An enum whose variants are words: `as_str`, `ALL`, `WORDS`, `Display`, and parsing that answers a wrong word with
/// the right ones.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Every word, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word, as in JSON.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::value::Invalid;

            fn try_from(word: &str) -> Result<Self, Self::Error> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    "" => Err($crate::value::Invalid::Missing),
                    _ => Err($crate::value::Invalid::NotAllowed { allowed: Self::WORDS }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::value::Invalid;

            fn try_from(word: String) -> Result<Self, Self::Error> {
                Self::try_from(word.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::value::Invalid;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::try_from(word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;
