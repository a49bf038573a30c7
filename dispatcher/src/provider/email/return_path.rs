//! The mailbox that bounces come to. Each mail gives it an extension of its own (`rebotes+<token>@example.com`), so that a
//! bounce names the mail it is about, whatever the server that wrote it.

use lettre::Address;

use super::address;
use crate::mail_tokens::TOKEN_CHARS;

/// The octets of a local part (RFC 5321 4.5.3.1.1).
const LOCAL_PART_MAX: usize = 64;
/// What stands between the mailbox and its extension, as in Postfix's `recipient_delimiter`.
const DELIMITER: char = '+';
/// The longest name of a mailbox that leaves room for the extension.
const MAILBOX_MAX: usize = LOCAL_PART_MAX - DELIMITER.len_utf8() - TOKEN_CHARS;

/// What a configured return path must be.
pub(super) const RETURN_PATH: &str = "must be an address such as rebotes@example.com, in ASCII, without + and with at most 14 characters before the @";

/// A configured return path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnPath(Address);

impl ReturnPath {
    /// None for what is no address, or leaves no room for the extension.
    pub(super) fn read(text: &str) -> Option<Self> {
        let address = address::parse(text)?;
        let is_plain = address.user().is_ascii() && address.domain().is_ascii();
        let is_short = address.user().len() <= MAILBOX_MAX;
        (is_plain && is_short && !address.user().contains(DELIMITER)).then_some(Self(address))
    }

    /// The return address of one mail.
    pub(crate) fn of(&self, token: &str) -> String {
        format!("{}{DELIMITER}{token}@{}", self.0.user(), self.0.domain())
    }

    /// The domain that bounces come to.
    pub fn domain(&self) -> &str {
        self.0.domain()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_leaves_room_for_the_extension() {
        let path = ReturnPath::read("notificaciones@example.com").expect("a return path");
        assert_eq!(path.of("abc"), "notificaciones+abc@example.com");
        assert_eq!(MAILBOX_MAX, "notificaciones".len(), "as the message says");
        let longest = path.of(&"a".repeat(TOKEN_CHARS));
        assert_eq!(longest.find('@'), Some(LOCAL_PART_MAX));
        assert!(address::parse(&longest).is_some());
    }

    #[test]
    fn what_cannot_be_a_return_path_is_refused() {
        let refused = [
            "",
            "rebotes",
            "@example.com",
            "re+botes@example.com",
            "notificaciones1@example.com",
            "ñ@example.com",
        ];
        for text in refused {
            assert_eq!(ReturnPath::read(text), None, "{text}");
        }
        assert_eq!(
            ReturnPath::read("r@señal.example").map(|path| path.domain().to_owned()).as_deref(),
            Some("xn--seal-hqa.example")
        );
    }
}
