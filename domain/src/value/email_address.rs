//! E-mail addresses.

use unicode_normalization::char::is_combining_mark;

use super::text::{is_invisible, string_value};
use super::{EmailFault, Invalid};

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

    /// The address that a person typed or copied, or a file holds: without what is around an address and is clearly none
    /// of it, such as white space, invisible characters, bullets, quotes, `<…>`, `mailto:` and a last comma or dot.
    ///
    /// # Errors
    /// Says what else stands there: a name, another address, or a character by its code point.
    pub fn read(text: &str) -> Result<Self, Invalid> {
        let mut address = text;
        loop {
            match without_noise(address) {
                shorter if shorter == address => return Self::try_new(address),
                shorter => address = shorter,
            }
        }
    }

    fn check(text: &str) -> Result<(), Invalid> {
        if text.trim().is_empty() {
            return Err(Invalid::Missing);
        }
        if text.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(Invalid::TooLong { max: Self::MAX_CHARS });
        }
        let refused = |fault| Err(Invalid::Email(fault));
        if has_several(text) {
            return refused(EmailFault::Several);
        }
        if text.ends_with('>') {
            return refused(EmailFault::Name);
        }
        let Some((local, domain)) = text.rsplit_once('@') else {
            return refused(
                unexpected(text, is_of_local_part).map_or(EmailFault::Form, EmailFault::Character),
            );
        };
        if let Some(found) = unexpected(local, is_of_local_part).or_else(|| unexpected_in_domain(domain)) {
            return refused(EmailFault::Character(found));
        }
        let Ok(domain) = idna::domain_to_ascii_strict(domain) else { return refused(EmailFault::Form) };
        if local.len() + 1 + domain.len() > Self::MAX_CHARS {
            return Err(Invalid::TooLong { max: Self::MAX_CHARS });
        }
        if is_local_part(local) && is_domain(&domain) { Ok(()) } else { refused(EmailFault::Form) }
    }
}

/// Strips one layer of characters that may surround an address; the same text if there is none.
fn without_noise(text: &str) -> &str {
    let text = text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c) || BULLETS.contains(&c));
    // A full stop at the end is a sentence's, or the root's (RFC 1034, 3.1): the domain is the same without it.
    let text = text.trim_end_matches([',', ';', '.']);
    let text = match text.split_at_checked(MAILTO.len()) {
        Some((scheme, address)) if scheme.eq_ignore_ascii_case(MAILTO) => address,
        _ => text,
    };
    let between = |(open, close): &(char, char)| text.strip_prefix(*open)?.strip_suffix(*close);
    ENCLOSURES.iter().find_map(between).unwrap_or(text)
}

/// The scheme of a link to an address (RFC 6068).
const MAILTO: &str = "mailto:";
/// Bullets of lists. A middle dot also stands for a space where spaces are made visible.
const BULLETS: [char; 4] = ['·', '•', '∙', '‣'];
/// Pairs of brackets and quotes around an address.
const ENCLOSURES: [(char, char); 6] =
    [('<', '>'), ('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’'), ('«', '»')];

/// Whether the text has more than one address between separators.
fn has_several(text: &str) -> bool {
    let separated = text.split([',', ';', '/', '|', ' ']);
    separated.filter(|part| part.contains('@')).nth(1).is_some()
}

/// The first character that is none of those.
fn unexpected(text: &str, is_one: impl Fn(char) -> bool) -> Option<char> {
    text.chars().find(|c| !is_one(*c))
}

fn is_of_local_part(c: char) -> bool {
    c == '.' || u8::try_from(c).is_ok_and(is_atom_text)
}

/// IDNA passes over invisible characters and some signs (UTS #46), so that two addresses that look alike would be two, and
/// takes a middle dot anywhere, which stands between two l only (RFC 5892, A.3).
fn unexpected_in_domain(domain: &str) -> Option<char> {
    let plain = domain.to_lowercase().replace("l·l", "ll");
    unexpected(&plain, |c| match c {
        '.' | '-' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        c if is_invisible(c) || is_variation_selector(c) => false,
        c => c.is_alphanumeric() || is_combining_mark(c),
    })
}

/// Variation selectors, which choose a look for the character before them. IDNA ignores them.
const fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn is_local_part(local: &str) -> bool {
    local.len() <= MAX_LOCAL_CHARS && local.split('.').all(|atom| !atom.is_empty())
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

    const FORM: Result<EmailAddress, Invalid> = Err(Invalid::Email(EmailFault::Form));

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
    fn an_address_that_cannot_receive_mail_is_refused() {
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
            let refusal = EmailAddress::try_new(text);
            assert!(
                matches!(refusal, Err(Invalid::Email(EmailFault::Character(_)))),
                "{text:?}: {refusal:?}"
            );
        }
        let hidden = ["a\0@example.com", "a@exam\0ple.com", "a@example.com;", "a@xn--zzzzzz99999999.com"];
        for text in [&local[..], &domain, &other, &written, &foreign, &hidden].concat() {
            let refusal = EmailAddress::try_new(text);
            assert!(matches!(refusal, Err(Invalid::Email(_))), "{text:?}: {refusal:?}");
        }
        assert_eq!(EmailAddress::try_new(" "), Err(Invalid::Missing));
    }

    #[test]
    fn characters_around_an_address_are_left_out() {
        let written = [
            " ana@example.com\u{a0}",
            "ana@example.com\u{200b}",
            "\u{202a}ana@example.com\u{202c}",
            "\u{feff}ana@example.com\u{3164}",
            "·ana@example.com·",
            "• ana@example.com",
            "ana@example.com;",
            "ana@example.com, ",
            "ana@example.com.",
            "mailto:ana@example.com",
            "MAILTO:ana@example.com",
            "<ana@example.com>",
            "<mailto:ana@example.com>;",
            "\"ana@example.com\"",
            "'ana@example.com'",
            "“ana@example.com”.",
        ];
        for text in written {
            assert_eq!(EmailAddress::read(text).unwrap().as_str(), "ana@example.com", "{text:?}");
        }
        assert_eq!(EmailAddress::read("o'hara@example.com").unwrap().as_str(), "o'hara@example.com");
        for blank in ["", "\u{200b}", "·", "<>", "mailto:"] {
            assert_eq!(EmailAddress::read(blank), Err(Invalid::Missing), "{blank:?}");
        }
    }

    #[test]
    fn the_fault_within_an_address_is_named() {
        let found = [
            ("ana@exam\u{200b}ple.com", '\u{200b}'),
            ("ana\u{ad}@example.com", '\u{ad}'),
            ("ana\u{a0}perez@example.com", '\u{a0}'),
            ("ana·perez@example.com", '·'),
            ("ana@exa·mple.com", '·'),
            ("ana@example·com", '·'),
            ("ana＠example.com", '＠'),
            ("josé@example.com", 'é'),
            ("jose\u{301}@example.com", '\u{301}'),
            ("ana@exam\u{fe0f}ple.com", '\u{fe0f}'),
            ("ana perez@example.com", ' '),
            ("ana@example.com:", ':'),
            ("ana@example.com\0", '\0'),
        ];
        for (text, character) in found {
            let refusal = Invalid::Email(EmailFault::Character(character));
            assert_eq!(EmailAddress::read(text), Err(refusal), "{text:?}");
        }
        for text in ["Ana <ana@example.com>", "Ana Pérez <ana@example.com>;", "\"Ana\" <ana@example.com>"] {
            assert_eq!(EmailAddress::read(text), Err(Invalid::Email(EmailFault::Name)), "{text:?}");
        }
        let several = ["ana@example.com,b@example.com", "ana@example.com / b@example.com", "a@b.co;c@d.co;"];
        for text in several.into_iter().chain(["ana@example.com b@example.com", "A <a@b.co>, C <c@d.co>"]) {
            assert_eq!(EmailAddress::read(text), Err(Invalid::Email(EmailFault::Several)), "{text:?}");
        }
        assert_eq!(EmailAddress::read("ana@col·legi.cat").unwrap().as_str(), "ana@col·legi.cat");
    }

    #[test]
    fn a_domain_in_decomposed_letters_is_the_same_domain() {
        let ascii = |text: &str| EmailAddress::read(text).unwrap().ascii();
        assert_eq!(ascii("ana@n\u{303}andu\u{301}.cl"), ascii("ana@ñandú.cl"));
    }

    #[test]
    fn the_lengths_of_rfc_5321_hold() {
        let label = "d".repeat(63);
        let local = "l".repeat(64);
        assert!(EmailAddress::try_new(format!("{local}@example.com")).is_ok());
        assert_eq!(EmailAddress::try_new(format!("{local}l@example.com")), FORM);
        assert_eq!(EmailAddress::try_new(format!("a@{label}d.com")), FORM);
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
