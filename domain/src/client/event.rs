//! The events of a client.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::aggregate::events;
use crate::personal::{Personal, hide_in_debug};
use crate::value::{AddressKind, CompanyId, ContactKind, EmailAddress, is_same_text};

/// An event of one client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ClientEvent {
    /// It was registered.
    ClientRegistered {
        /// The company that serves it.
        company: CompanyId,
        /// The personal data, under the client's key.
        profile: Personal<ClientProfile>,
        /// The language it is written to.
        locale: String,
        /// Its time zone, as an IANA name.
        time_zone: String,
    },
    /// Its profile changed.
    ClientChanged {
        /// The company that serves it.
        company: CompanyId,
        /// The personal data, under the client's key.
        profile: Personal<ClientProfile>,
        /// The language it is written to.
        locale: String,
        /// Its time zone, as an IANA name.
        time_zone: String,
    },
    /// Its key was destroyed, in the same transaction.
    ClientErased {
        /// The company that served it.
        company: CompanyId,
    },
}

events!(ClientEvent { ClientRegistered => "1", ClientChanged => "1", ClientErased => "1" });

/// The personal data of a client. It was validated before; it is stored as text, so that a stricter rule does not make
/// history unreadable.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientProfile {
    /// The company's own name for the client.
    pub external_id: Option<String>,
    /// The person's or business's name.
    pub name: String,
    /// The contacts.
    pub contacts: Vec<Contact>,
    /// What it has in the company's own columns, by their names. Templates fill it in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, String>,
}

/// A contact of a client.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// What the person is to the client.
    pub kind: ContactKind,
    /// The person's name.
    pub name: String,
    /// A phone number in E.164.
    pub phone: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
}

impl Contact {
    /// The contact's address of a kind.
    pub fn address(&self, kind: AddressKind) -> Option<&str> {
        match kind {
            AddressKind::Phone => self.phone.as_deref(),
            AddressKind::Email => self.email.as_deref(),
        }
    }

    fn readdressed(&self, kind: AddressKind, address: &str) -> Self {
        let address = Some(address.to_owned());
        match kind {
            AddressKind::Phone => Self { phone: address, ..self.clone() },
            AddressKind::Email => Self { email: address, ..self.clone() },
        }
    }

    /// Whether both are the same person with the same addresses, ignoring differences in how the letters of the name
    /// and of the domain are encoded.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.phone == other.phone && self.is_same_person_as(other) && self.has_email_of(other)
    }

    /// Whether both are the same person, by kind and name.
    pub fn is_same_person_as(&self, other: &Self) -> bool {
        self.kind == other.kind && is_same_text(&self.name, &other.name)
    }

    /// Case matters: a file may correct it, and a mail server may distinguish local parts by it (RFC 5321, 2.4).
    fn has_email_of(&self, other: &Self) -> bool {
        let ascii = |contact: &Self| {
            EmailAddress::try_from(contact.email.as_deref()?).ok().map(|email| email.ascii())
        };
        self.email == other.email || ascii(self).is_some_and(|email| Some(email) == ascii(other))
    }
}

/// The contacts with a new address in the place of an old one, for those of a kind that have the old one; as they are if one of
/// that kind has the new one already. None if no contact has either.
pub fn with_address(
    contacts: &[Contact],
    contact: ContactKind,
    kind: AddressKind,
    before: &str,
    after: &str,
) -> Option<Vec<Contact>> {
    let has = |one: &Contact, address: &str| {
        let own = one.address(kind).map(|own| kind.comparable(own));
        one.kind == contact && own.is_some_and(|own| own == kind.comparable(address))
    };
    let changed = |one: &Contact| if has(one, before) { one.readdressed(kind, after) } else { one.clone() };
    let is_known = contacts.iter().any(|one| has(one, before) || has(one, after));
    is_known.then(|| contacts.iter().map(changed).collect())
}

hide_in_debug!(ClientProfile, Contact);
