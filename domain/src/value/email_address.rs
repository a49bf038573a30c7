//! E-mail addresses.

use super::Invalid;
use super::text::string_value;

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
        let (local, domain) = self
            .0
            .rsplit_once('@')
            .expect("an address was checked to have an @");
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
        let (local, domain) = text.rsplit_once('@').ok_or(Invalid::Email)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| Invalid::Email)?;
        if local.len() + 1 + domain.len() > Self::MAX_CHARS {
            return Err(Invalid::TooLong { max: Self::MAX_CHARS });
        }
        if is_local_part(local) && is_domain(&domain) {
            Ok(())
        } else {
            Err(Invalid::Email)
        }
    }
}

fn is_local_part(local: &str) -> bool {
    local.len() <= MAX_LOCAL_CHARS
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_text))
}

/// `atext` of RFC 5322, 3.2.3.
const fn is_atom_text(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?'
        )
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
    inner
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
