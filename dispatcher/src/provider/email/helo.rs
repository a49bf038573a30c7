//! The name of this client in EHLO.

use std::net::IpAddr;

/// The longest name and the longest part of one, in octets (RFC 5321 4.5.3.1.2, RFC 1035 2.3.4).
const MAX_NAME: usize = 255;
const MAX_LABEL: usize = 63;

/// A name as EHLO has it: a full host name, its accents in punycode, or an address in brackets (RFC 5321 4.1.2,
/// 4.1.3). None if the text is neither; a name without a dot is refused by strict servers.
pub fn helo_name(text: &str) -> Option<String> {
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(address) => Some(literal(address_of(address)?)),
        None => domain(text),
    }
}

/// An address in brackets (RFC 5321 4.1.3): the name of a client that has no host name (4.1.4).
pub(super) fn literal(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => format!("[IPv6:{address}]"),
    }
}

fn address_of(text: &str) -> Option<IpAddr> {
    const TAG: &str = "IPv6:";
    match text.split_at_checked(TAG.len()) {
        Some((tag, rest)) if tag.eq_ignore_ascii_case(TAG) => rest.parse().ok().map(IpAddr::V6),
        _ => text.parse().ok().map(IpAddr::V4),
    }
}

fn domain(text: &str) -> Option<String> {
    let Ok(url::Host::Domain(name)) = url::Host::parse(text) else {
        return None;
    };
    let is_good = name.contains('.') && name.len() <= MAX_NAME && name.split('.').all(is_label);
    is_good.then_some(name)
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_name_or_an_address_in_brackets_is_a_name() {
        let table = [
            ("mensajes.example.com", "mensajes.example.com"),
            ("MX1.Example.com", "mx1.example.com"),
            ("1.mx.example", "1.mx.example"),
            ("señal.example", "xn--seal-hqa.example"),
            ("[192.0.2.1]", "[192.0.2.1]"),
            ("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
            ("[ipv6:2001:DB8::1]", "[IPv6:2001:db8::1]"),
        ];
        for (text, name) in table {
            assert_eq!(helo_name(text).as_deref(), Some(name), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        let table = [
            "",
            "vm",
            "localhost",
            "vm.",
            "mx..example",
            ".example",
            "-a.example",
            "a-.example",
            "a_b.example",
            "a b.example",
            "192.0.2.1",
            "2001:db8::1",
            "[]",
            "[vm]",
            "[192.0.2]",
            "[2001:db8::1]",
            "[IPv6:192.0.2.1]",
            "[192.0.2.1",
            "a.example\r\nMAIL FROM:<x@y>",
            "https://a.example",
        ];
        for text in table {
            assert_eq!(helo_name(text), None, "{text}");
        }
        assert_eq!(helo_name(&format!("{}.example", "a".repeat(MAX_LABEL + 1))), None);
        assert_eq!(helo_name(&"a.".repeat(130)), None);
    }

    #[test]
    fn an_address_without_a_name_is_written_in_brackets() {
        let table = [
            ("192.0.2.1", "[192.0.2.1]"),
            ("::ffff:192.0.2.1", "[192.0.2.1]"),
            ("2001:db8::1", "[IPv6:2001:db8::1]"),
            ("::1", "[IPv6:::1]"),
        ];
        for (address, name) in table {
            assert_eq!(literal(address.parse().expect("an address")), name);
        }
    }
}
