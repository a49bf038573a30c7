//! The kinds of contacts, and the recipient kinds of notifications.

use super::word::words;

words! {
    /// Who a contact is to its client.
    ContactKind {
        /// The holder of the account: titular.
        Holder = "holder",
        /// Whom to call in an emergency: contacto de emergencia.
        EmergencyContact = "emergency_contact",
        /// Who may act for the holder: usuario autorizado.
        AuthorizedUser = "authorized_user",
    }
}

words! {
    /// Whom of each client a notification goes to.
    RecipientKind {
        /// The holder of the account.
        Holder = "holder",
        /// The emergency contacts.
        EmergencyContact = "emergency_contact",
        /// The authorised users.
        AuthorizedUser = "authorized_user",
        /// All of them.
        Everyone = "everyone",
    }
}

impl RecipientKind {
    /// Whether a contact of this kind is among the recipients.
    pub const fn includes(self, contact: ContactKind) -> bool {
        match self {
            Self::Everyone => true,
            Self::Holder => matches!(contact, ContactKind::Holder),
            Self::EmergencyContact => matches!(contact, ContactKind::EmergencyContact),
            Self::AuthorizedUser => matches!(contact, ContactKind::AuthorizedUser),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{AddressKind, Category, Channel, Invalid, Priority, Role};

    #[test]
    fn everyone_includes_every_contact_and_the_others_their_own_kind() {
        for &kind in RecipientKind::ALL {
            for &contact in ContactKind::ALL {
                let included = kind == RecipientKind::Everyone || kind.as_str() == contact.as_str();
                assert_eq!(kind.includes(contact), included, "{kind} {contact}");
            }
        }
    }

    #[test]
    fn every_word_is_the_same_in_code_text_and_json() {
        fn check<T>(all: &[T], words: &[&str])
        where
            T: Copy + PartialEq + std::fmt::Debug + std::fmt::Display + serde::Serialize,
            T: serde::de::DeserializeOwned + for<'a> TryFrom<&'a str, Error = Invalid>,
        {
            assert_eq!(all.len(), words.len());
            for (value, word) in all.iter().zip(words) {
                assert_eq!(value.to_string(), *word);
                assert_eq!(T::try_from(word), Ok(*value));
                assert_eq!(serde_json::to_value(value).unwrap(), *word);
                assert_eq!(serde_json::from_value::<T>((*word).into()).unwrap(), *value);
            }
        }
        check(Category::ALL, &["operational", "service", "collection", "commercial"]);
        check(Channel::ALL, &["sms", "email"]);
        check(AddressKind::ALL, &["phone", "email"]);
        check(Priority::ALL, &["normal", "high"]);
        check(Role::ALL, &["operator", "notifier", "auditor", "admin"]);
        check(ContactKind::ALL, &["holder", "emergency_contact", "authorized_user"]);
        check(RecipientKind::ALL, &["holder", "emergency_contact", "authorized_user", "everyone"]);
    }

    #[test]
    fn a_wrong_word_is_answered_with_the_right_ones() {
        assert_eq!("fax".parse::<Channel>(), Err(Invalid::NotAllowed { allowed: &["sms", "email"] }));
        assert_eq!("SMS".parse::<Channel>(), Err(Invalid::NotAllowed { allowed: &["sms", "email"] }));
        assert_eq!("".parse::<Channel>(), Err(Invalid::Missing));
        assert!(serde_json::from_str::<Channel>("\"fax\"").is_err());
    }
}
