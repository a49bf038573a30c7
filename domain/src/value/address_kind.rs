//! The kinds of addresses that a contact can have. Several channels may use one kind.

use std::borrow::Cow;

use super::EmailAddress;
use super::word::words;

words! {
    /// A kind of address of a contact.
    AddressKind {
        /// A telephone number in E.164.
        Phone = "phone",
        /// An e-mail address.
        Email = "email",
    }
}

impl AddressKind {
    /// The kind of an address.
    pub fn of(address: &str) -> Self {
        if address.contains('@') { Self::Email } else { Self::Phone }
    }

    /// The reason to leave out a contact without such an address.
    pub const fn missing(self) -> &'static str {
        match self {
            Self::Phone => "no_phone",
            Self::Email => "no_email",
        }
    }

    /// The form of an address that is compared, and of which the blind index is made: two addresses with the same form
    /// are one. An e-mail address that today's rules refuse is compared in lower case.
    pub fn comparable(self, address: &str) -> Cow<'_, str> {
        match self {
            Self::Phone => address.into(),
            // What follows makes nothing else of it, at a much higher cost: a rebuild compares every address.
            Self::Email if address.is_ascii() => address.to_ascii_lowercase().into(),
            Self::Email => EmailAddress::try_from(address)
                .map_or_else(|_| address.to_lowercase(), |email| email.normalized())
                .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e_mail_addresses_are_compared_without_case_and_numbers_as_they_are() {
        assert_eq!(AddressKind::Email.comparable("Ana@Example.COM"), "ana@example.com");
        assert_eq!(AddressKind::Email.comparable("Ana de antes"), "ana de antes");
        assert_eq!(AddressKind::Email.comparable("Ana@MÜNCHEN.example"), "ana@xn--mnchen-3ya.example");
        for ascii in ["Ana.B+c@Example.COM", "ana@XN--MNCHEN-3YA.example", "A_b@a-b.Example.co"] {
            let email = EmailAddress::try_from(ascii).expect("an address");
            assert_eq!(AddressKind::Email.comparable(ascii), email.normalized());
        }
        assert_eq!(AddressKind::Phone.comparable("+573001234567"), "+573001234567");
    }
}
