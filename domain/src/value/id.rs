//! Ids, a type for each kind. They are created outside of this crate.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Channel, Invalid, Ordinal};

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
                /// The id as stored in tables.
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
    /// An address to which nothing is sent; also the id of the key that the address is sealed under.
    SuppressionId,
    /// A template of notifications.
    TemplateId,
    /// A provider of a channel; also the id of the key that reasons about it are sealed under.
    ProviderId,
}

/// The namespace of the ids of providers.
const PROVIDERS: Uuid = Uuid::from_u128(0x6f1d_0a52_93c4_4e0b_8a71_5d27_c6b8_e913);

impl ProviderId {
    /// The provider with a name in the configuration of a channel: a UUIDv5 (RFC 9562, section 5.5), so that every process
    /// finds the same one.
    pub fn of(channel: Channel, name: &str) -> Self {
        let of_channel = Uuid::new_v5(&PROVIDERS, channel.as_str().as_bytes());
        Self(Uuid::new_v5(&of_channel, name.as_bytes()))
    }
}

/// The bits of a delivery's id that hold its ordinal.
const ORDINAL_BITS: u128 = Ordinal::MAX.number() as u128;
/// The version bits of a UUID (RFC 9562, section 4.2), and the version of a delivery's id: 8, made by our own rule.
const VERSION_BITS: u128 = 0xf << 76;
const VERSION_8: u128 = 8 << 76;
/// The version of a notification's id: 7, by time.
const VERSION_7: u128 = 7 << 76;

impl DeliveryId {
    /// The delivery of a notification to the person with an ordinal. The id is computed, so that no index of random ids
    /// is needed: a UUIDv8 (RFC 9562, section 5.8) that is the notification's UUIDv7 with another version and with the
    /// ordinal in place of its last 28 bits. The 94 bits that stay distinguish notifications: time, counter and random
    /// bits.
    pub const fn of(notification: NotificationId, ordinal: Ordinal) -> Self {
        let kept = notification.0.as_u128() & !(ORDINAL_BITS | VERSION_BITS);
        Self(Uuid::from_u128(kept | VERSION_8 | ordinal.number() as u128))
    }

    /// The person's ordinal; none for an id that is not a delivery's.
    pub fn ordinal(self) -> Option<Ordinal> {
        let is_delivery = self.0.as_u128() & VERSION_BITS == VERSION_8;
        Ordinal::try_new((self.0.as_u128() & ORDINAL_BITS) as u32).filter(|_| is_delivery)
    }

    /// The first and the last id that its notification may have: at most one notification exists in this range.
    pub const fn notifications(self) -> (NotificationId, NotificationId) {
        let first = self.0.as_u128() & !(ORDINAL_BITS | VERSION_BITS) | VERSION_7;
        (NotificationId(Uuid::from_u128(first)), NotificationId(Uuid::from_u128(first | ORDINAL_BITS)))
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
    fn a_delivery_is_its_notification_and_its_ordinal() {
        let notification: NotificationId = TEXT.parse().unwrap();
        for number in [1, 500, 1_000_000, Ordinal::MAX.number()] {
            let ordinal = Ordinal::try_new(number).expect("an ordinal");
            let delivery = DeliveryId::of(notification, ordinal);
            assert_eq!((delivery.ordinal(), delivery.uuid().get_version_num()), (Some(ordinal), 8));
            let (first, last) = delivery.notifications();
            assert!(first <= notification && notification <= last);
        }
    }

    #[test]
    fn deliveries_of_two_notifications_of_one_moment_have_different_ids() {
        let one = NotificationId(Uuid::from_u128(0x0192_e4a0_7b1c_7def_8123_4560_0000_0000));
        let next = NotificationId(Uuid::from_u128(0x0192_e4a0_7b1c_7def_8123_4560_1000_0000));
        let delivery = DeliveryId::of(next, Ordinal::try_new(7).expect("an ordinal"));
        let (first, last) = delivery.notifications();
        assert!(first <= next && next <= last && !(first..=last).contains(&one));
    }

    #[test]
    fn a_provider_is_its_channel_and_its_name() {
        let id = ProviderId::of(Channel::Sms, "simulador");
        assert_eq!(ProviderId::of(Channel::Sms, "simulador"), id);
        assert_ne!(ProviderId::of(Channel::Email, "simulador"), id);
        assert_ne!(ProviderId::of(Channel::Sms, "otro"), id);
    }

    #[test]
    fn an_id_of_another_kind_has_no_ordinal() {
        assert_eq!(TEXT.parse::<DeliveryId>().unwrap().ordinal(), None);
    }
}
