//! The ids of things, told apart by type. They are made outside of this crate and handed in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Invalid;

/// The letters of a UUID in the one form that is accepted: hyphenated.
const HYPHENATED_LENGTH: usize = 36;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(Uuid);

            impl $name {
                /// The id as it stands in tables.
                pub const fn uuid(self) -> Uuid {
                    self.0
                }
            }

            impl From<Uuid> for $name {
                fn from(id: Uuid) -> Self {
                    Self(id)
                }
            }

            impl From<$name> for Uuid {
                fn from(id: $name) -> Self {
                    id.0
                }
            }

            impl TryFrom<&str> for $name {
                type Error = Invalid;

                fn try_from(text: &str) -> Result<Self, Self::Error> {
                    parse(text).map(Self)
                }
            }

            impl FromStr for $name {
                type Err = Invalid;

                fn from_str(text: &str) -> Result<Self, Self::Err> {
                    parse(text).map(Self)
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::Display::fmt(&self.0, f)
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, concat!(stringify!($name), "({})"), self.0)
                }
            }
        )+
    };
}

ids! {
    /// A worker.
    UserId,
    /// A company.
    CompanyId,
    /// A client of a company; also the id of the key its personal data is sealed under.
    ClientId,
    /// A message between workers.
    MessageId,
    /// A notification to clients.
    NotificationId,
    /// One notification to one address.
    DeliveryId,
}

impl DeliveryId {
    /// The delivery of a notification to an address, by the address's blind index: the same two always give the same
    /// id, so that an audience resolved twice neither loses nor doubles anyone (UUIDv5, RFC 9562).
    pub fn of(notification: NotificationId, address_index: &[u8]) -> Self {
        Self(Uuid::new_v5(&notification.0, address_index))
    }
}

fn parse(text: &str) -> Result<Uuid, Invalid> {
    if text.is_empty() {
        return Err(Invalid::Missing);
    }
    if text.len() != HYPHENATED_LENGTH {
        return Err(Invalid::Id);
    }
    Uuid::try_parse(text).map_err(|_| Invalid::Id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "0192e4a0-7b1c-7def-8123-456789abcdef";

    #[test]
    fn an_id_is_its_uuid_in_text_and_json() {
        let id: UserId = TEXT.parse().unwrap();
        assert_eq!(id.to_string(), TEXT);
        assert_eq!(serde_json::to_value(id).unwrap(), TEXT);
        assert_eq!(serde_json::from_value::<UserId>(TEXT.into()).unwrap(), id);
        assert_eq!(UserId::from(id.uuid()), id);
        assert_eq!(format!("{id:?}"), format!("UserId({TEXT})"));
    }

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        assert_eq!("".parse::<UserId>(), Err(Invalid::Missing));
        let braced = format!("{{{TEXT}}}");
        let simple = TEXT.replace('-', "");
        for refused in ["1", "null", &TEXT[1..], &braced, &simple, "0192e4a0-7b1c-7def-8123-456789abcdeg"] {
            assert_eq!(refused.parse::<UserId>(), Err(Invalid::Id), "{refused}");
        }
    }

    #[test]
    fn a_delivery_is_known_by_its_notification_and_address() {
        let (one, two) = (NotificationId(Uuid::from_u128(1)), NotificationId(Uuid::from_u128(2)));
        assert_eq!(DeliveryId::of(one, b"index"), DeliveryId::of(one, b"index"));
        assert_ne!(DeliveryId::of(one, b"index"), DeliveryId::of(two, b"index"));
        assert_ne!(DeliveryId::of(one, b"index"), DeliveryId::of(one, b"other"));
        assert_eq!(DeliveryId::of(one, b"index").uuid().get_version_num(), 5);
    }
}
