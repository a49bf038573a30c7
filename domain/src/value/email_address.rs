//! E-mail addresses.

use super::Invalid;
use super::text::{is_invisible, string_value};

/// An address that mail can be sent to: the dot-atom form of RFC 5321 with a domain of at least two labels, verbatim.
///
/// Quoted local parts, address literals and non-ASCII local parts are refused: hardly anyone has one, and few servers
/// take them. A domain may be an international one (IDNA 2008).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

string_value!(EmailAddress);

/// The longest local part, in characters (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_CHARS: usize = 64;

impl EmailAddress {
    /// The longest address, in characters (RFC 5321, 4.5.3.1.3 without the angle brackets).
    pub const MAX_CHARS: usize = 254;

    /// The address as it is compared: two that differ only in case, or in how the domain is written, are one.
    pub fn normalized(&self) -> String {
        self.ascii().to_ascii_lowercase()
    }

    /// The address as it goes to a mail server: an international domain in its `xn--` form.
    pub fn ascii(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').expect("an address was checked to have an @");
        let domain = idna::domain_to_ascii_strict(domain).expect("an address was checked to have a domain");
        format!("{local}@{domain}")
    }

    fn check(text: &str) -> Result<(), Invalid> {
        if text.trim().is_empty() {
            return Err(Invalid::Missing);
        }
        if text.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(Invalid::TooLong { max: Self::MAX_CHARS });
        }
        // IDNA would pass over them: two addresses that look alike would be two, and go to one mailbox.
        if text.contains(is_invisible) {
            return Err(Invalid::Email);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(Invalid::Email)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| Invalid::Email)?;
        if local.len() + 1 + domain.len() > Self::MAX_CHARS {
            return Err(Invalid::TooLong { max: Self::MAX_CHARS });
        }
        if is_local_part(local) && is_domain(&domain) { Ok(()) } else { Err(Invalid::Email) }
    }
}

fn is_local_part(local: &str) -> bool {
    local.len() <= MAX_LOCAL_CHARS
        && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_text))
}

/// `atext` of RFC 5322, 3.2.3.
const fn is_atom_text(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?')
        || matches!(byte, b'^'..=b'`' | b'{'..=b'~')
}

fn is_domain(domain: &str) -> bool {
    let top = domain.rsplit_once('.').map(|(_, top)| top);
    top.is_some_and(|top| top.len() >= 2 && !top.bytes().all(|byte| byte.is_ascii_digit()))
        && domain.split('.').all(is_label)
}

/// Letters, digits and inner hyphens (RFC 1123, 2.1).
fn is_label(label: &str) -> bool {
    let inner = !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.len() <= 63;
    inner && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_back_verbatim() {
        let addresses =
            ["ana@example.com", "Ana.Perez+alarma@Sub.Example.CO", "a@b.co", "o'hara_1@x-y.com.mx"];
        for text in addresses.into_iter().chain(["!#$%&'*+-/=?^_`{|}~@example.com", "j@ñandú.cl", "1@1.com"])
        {
            assert_eq!(EmailAddress::try_new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_no_mail_can_be_sent_to_is_refused() {
        let local =
            ["@example.com", ".a@example.com", "a.@example.com", "a..b@example.com", "a b@example.com"];
        let domain =
            ["a@", "a@localhost", "a@.com", "a@b.", "a@b..com", "a@-b.com", "a@b-.com", "a@b_c.com", "a@b.c"];
        let other = [
            "ana",
            "ana@@example.com",
            "a@b@example.com",
            "\"a b\"@example.com",
            "a@[127.0.0.1]",
            "a@10.0.0.1",
        ];
        let written = [
            "Ana <ana@example.com>",
            " ana@example.com",
            "ana@example.com ",
            "ana@example.com,b@example.com",
        ];
        let foreign = [
            "josé@example.com",
            "a@exa mple.com",
            "ana@example.com\n",
            "a@example.com\r\nBcc: b@example.com",
        ];
        let hidden = ["ana@correo.com\u{200b}", "ana@cor\u{ad}reo.com", "\u{202a}ana@correo.com"];
        for text in hidden {
            assert_eq!(EmailAddress::try_new(text), Err(Invalid::Email), "{text:?}");
        }
        let hidden = ["a\0@example.com", "a@exam\0ple.com", "a@example.com;", "a@xn--zzzzzz99999999.com"];
        for text in [&local[..], &domain, &other, &written, &foreign, &hidden].concat() {
            assert_eq!(EmailAddress::try_new(text), Err(Invalid::Email), "{text:?}");
        }
        assert_eq!(EmailAddress::try_new(" "), Err(Invalid::Missing));
    }

    #[test]
    fn the_lengths_of_rfc_5321_hold() {
        let label = "d".repeat(63);
        let local = "l".repeat(64);
        assert!(EmailAddress::try_new(format!("{local}@example.com")).is_ok());
        assert_eq!(EmailAddress::try_new(format!("{local}l@example.com")), Err(Invalid::Email));
        assert_eq!(EmailAddress::try_new(format!("a@{label}d.com")), Err(Invalid::Email));
        let longest = format!("{local}@{label}.{label}.{}", "d".repeat(254 - 64 - 1 - 64 - 64));
        assert!(EmailAddress::try_new(longest.clone()).is_ok());
        assert_eq!(EmailAddress::try_new(format!("{longest}d")), Err(Invalid::TooLong { max: 254 }));
    }

    #[test]
    fn addresses_that_differ_only_in_case_are_one() {
        let normalized = |text: &str| EmailAddress::try_new(text).unwrap().normalized();
        assert_eq!(normalized("Ana.Perez@Example.COM"), "ana.perez@example.com");
        assert_eq!(normalized("a@ÑANDÚ.cl"), normalized("A@xn--and-6ma2c.CL"));
    }

    #[test]
    fn a_mail_server_is_given_the_ascii_form() {
        assert_eq!(EmailAddress::try_new("Ana@ñandú.cl").unwrap().ascii(), "Ana@xn--and-6ma2c.cl");
    }

    #[test]
    fn an_address_does_not_print_itself_when_debugged() {
        assert_eq!(format!("{:?}", EmailAddress::try_new("ana@example.com").unwrap()), "EmailAddress(…)");
    }
}
