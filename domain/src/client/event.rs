//! What has happened to a client.

use serde::{Deserialize, Serialize};

use crate::aggregate::events;
use crate::personal::{Personal, hide_in_debug};
use crate::value::{CompanyId, ContactKind, EmailAddress, is_same_text};

/// One fact in the history of a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ClientEvent {
    /// It was taken on.
    ClientRegistered {
        /// Who serves it.
        company: CompanyId,
        /// What is personal, under the client's key.
        profile: Personal<ClientProfile>,
        /// The language it is written to.
        locale: String,
        /// Where its clock stands, as an IANA name.
        time_zone: String,
    },
    /// What is known of it changed.
    ClientChanged {
        /// Who serves it.
        company: CompanyId,
        /// What is personal, under the client's key.
        profile: Personal<ClientProfile>,
        /// The language it is written to.
        locale: String,
        /// Where its clock stands, as an IANA name.
        time_zone: String,
    },
    /// Its key was destroyed, in the same transaction.
    ClientErased {
        /// Who served it.
        company: CompanyId,
    },
}

events!(ClientEvent { ClientRegistered => "1", ClientChanged => "1", ClientErased => "1" });

/// What is personal of a client. Validated at the door; kept as text, so that a rule that grows stricter later does not
/// make history unreadable.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientProfile {
    /// The company's own name for the client.
    pub external_id: Option<String>,
    /// The person's or business's name.
    pub name: String,
    /// Whom to tell.
    pub contacts: Vec<Contact>,
}

/// A person to tell for a client.
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
    /// Whether both are one person in the same places, however the letters of the name and of the domain are written.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.phone == other.phone && self.is_same_person_as(other) && self.has_email_of(other)
    }

    /// Whether both are one person, by kind and name.
    pub fn is_same_person_as(&self, other: &Self) -> bool {
        self.kind == other.kind && is_same_text(&self.name, &other.name)
    }

    /// Case is not passed over: a file may correct it, and a mail server may tell local parts apart by it (RFC 5321, 2.4).
    fn has_email_of(&self, other: &Self) -> bool {
        let ascii = |contact: &Self| {
            EmailAddress::try_from(contact.email.as_deref()?).ok().map(|email| email.ascii())
        };
        self.email == other.email || ascii(self).is_some_and(|email| Some(email) == ascii(other))
    }
}

hide_in_debug!(ClientProfile, Contact);
