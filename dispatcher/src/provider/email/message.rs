//! A notification as the bytes of a mail, the same bytes on every attempt.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use domain::deliveries::{FailureClass, Observation};
use lettre::{
    Address, Message,
    message::{
        Mailbox,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
};

use super::address;
use crate::provider::{Outgoing, failure::Failure};

/// An envelope and a message that is ready for the wire.
pub(super) struct Mail {
    pub(super) sender: Address,
    pub(super) recipient: Address,
    /// The message with its dots doubled and its final line, ready after 354.
    pub(super) wire: String,
}

impl Mail {
    /// Builds the mail; an error is proof that it can never be sent as it is.
    pub(super) fn try_new(from: &Mailbox, outgoing: &Outgoing) -> Result<Self, Failure> {
        let recipient = address(&outgoing.to)?;
        let name = one_line(outgoing.to_name.as_deref().unwrap_or_default())?;
        let subject = one_line(outgoing.subject.as_deref().unwrap_or_default())?;
        let message = Message::builder()
            .from(from.clone())
            .to(Mailbox::new((!name.is_empty()).then(|| name.to_owned()), recipient.clone()))
            .raw_header(subject_header(subject))
            .message_id(Some(message_id(from, outgoing)))
            .date(outgoing.requested_at.into())
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("MIME-Version"), "1.0".to_owned()))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(crlf(body(&outgoing.body)?))
            .map_err(|_| unusable())?;
        let text = String::from_utf8(message.formatted()).map_err(|_| unusable())?;
        Ok(Self { sender: from.email.clone(), recipient, wire: dotted(&text) })
    }

    /// Whether an address needs SMTPUTF8 (RFC 6531).
    pub(super) fn is_international(&self) -> bool {
        ![&self.sender, &self.recipient]
            .iter()
            .all(|address| address.user().is_ascii() && address.domain().is_ascii())
    }
}

/// Asks vacation responders for silence (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

fn message_id(from: &Mailbox, outgoing: &Outgoing) -> String {
    format!("<{}@{}>", outgoing.delivery_id, from.email.domain())
}

/// No mail can be made of it.
fn unusable() -> Failure {
    Failure::observed(FailureClass::PermanentContent, None, Observation::ContentUnusable)
}

fn address(text: &str) -> Result<Address, Failure> {
    let not_an_address =
        || Failure::observed(FailureClass::PermanentAddress, None, Observation::AddressUnusable);
    address::parse(text).ok_or_else(not_an_address)
}

/// A line break here would let a name or a subject write headers of its own.
fn one_line(text: &str) -> Result<&str, Failure> {
    if text.contains(['\r', '\n', '\0']) {
        return Err(unusable());
    }
    Ok(text)
}

fn body(text: &str) -> Result<&str, Failure> {
    if text.contains(['\r', '\0']) {
        return Err(unusable());
    }
    Ok(text)
}

/// lettre would do it too, but by inserting into the string once per line, which is quadratic.
fn crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

/// The subject verbatim: printable ASCII as it is, everything else, also what only looks encoded or has spaces a
/// receiver may eat, as encoded words on lines of at most 76 characters (RFC 2047 section 2).
fn subject_header(subject: &str) -> HeaderValue {
    const PLAIN_LENGTH: usize = 900;
    let plain = subject.bytes().all(|b| (b' '..=b'~').contains(&b))
        && subject.len() < PLAIN_LENGTH
        && !subject.contains("=?")
        && subject.trim() == subject;
    let encoded = if plain { subject.to_owned() } else { encoded_words(subject) };
    HeaderValue::dangerous_new_pre_encoded(
        HeaderName::new_from_ascii_str("Subject"),
        subject.to_owned(),
        encoded,
    )
}

fn encoded_words(text: &str) -> String {
    const OCTETS_A_WORD: usize = 39;
    let mut words = vec![String::new()];
    for character in text.chars() {
        if words.last().is_some_and(|word| word.len() + character.len_utf8() > OCTETS_A_WORD) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    let encoded = words.iter().map(|word| format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(word)));
    encoded.collect::<Vec<_>>().join("\r\n ")
}

/// The message as DATA wants it: a dot before every line that begins with one, and a line with one dot at the end
/// (RFC 5321 4.5.2). In one piece, since a body and a dot written apart meet Nagle's algorithm.
fn dotted(message: &str) -> String {
    const END: &str = "\r\n.\r\n";
    let mut wire = String::with_capacity(message.len() + END.len());
    if message.starts_with('.') {
        wire.push('.');
    }
    if message.contains("\r\n.") {
        wire.push_str(&message.replace("\r\n.", "\r\n.."));
    } else {
        wire.push_str(message);
    }
    wire.push_str(END);
    wire
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
