//! A contact in a request body.

use domain::client::Contact;
use domain::value::{ContactKind, CountryCode, EmailAddress, Invalid, Name, PhoneNumber};
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, Short};
use crate::problem::{Answer, Fault, Kind, Problem};

/// A contact of a client.
#[derive(ToSchema)]
pub(in crate::api) struct ContactFields {
    /// `holder`, `emergency_contact` or `authorized_user`.
    #[schema(value_type = String)]
    kind: ContactKind,
    /// The person's name. A holder without one has the client's.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    name: Option<Name>,
    /// A phone number, in national or international form. It is stored in E.164.
    #[schema(value_type = Option<String>)]
    phone: Option<Short>,
    /// An e-mail address.
    #[schema(value_type = Option<String>, max_length = 254)]
    email: Option<EmailAddress>,
}

impl FromFields for ContactFields {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let kind = fields.required("kind");
        let name = match kind {
            Some(ContactKind::Holder) => fields.optional("name"),
            _ => fields.required("name"),
        };
        let phone = fields.optional("phone");
        let email = fields.optional("email");
        Some(Self { kind: kind?, name, phone, email })
    }
}

/// The contacts of a client with this name. Phones are only parsed here, where the country is known.
pub(in crate::api) fn contacts(
    fields: Vec<ContactFields>,
    client: &Name,
    country: CountryCode,
) -> Answer<Vec<Contact>> {
    let mut faults = Vec::new();
    let mut contacts = Vec::with_capacity(fields.len());
    for (index, fields) in fields.into_iter().enumerate() {
        match fields.contact(client, country) {
            Ok(contact) => contacts.push(contact),
            Err(invalid) => faults.push(Fault::in_body(format!("/contacts/{index}/phone"), invalid.into())),
        }
    }
    if faults.is_empty() { Ok(contacts) } else { Err(Problem::of_faults(Kind::Invalid, faults)) }
}

impl ContactFields {
    fn contact(self, client: &Name, country: CountryCode) -> Result<Contact, Invalid> {
        let phone = self.phone.map(|phone| PhoneNumber::parse(phone.as_str(), country)).transpose()?;
        Ok(Contact {
            kind: self.kind,
            name: self.name.unwrap_or_else(|| client.clone()).into_string(),
            phone: phone.map(PhoneNumber::into_string),
            email: self.email.map(EmailAddress::into_string),
        })
    }
}
