//! The part of a mail that all mails of a notification have in common, encoded once, because lettre's builder takes 17 µs a
//! mail. Where the text differs from person to person, it is this person's part.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use domain::deliveries::{FailureClass, Observation};
use lettre::{
    Message,
    address::Envelope,
    message::{
        Mailbox, Mailboxes,
        header::{self, ContentType, Header, HeaderName, HeaderValue, Headers},
    },
};

use super::alternative;
use crate::provider::{Outgoing, failure::Failure};

/// A message of which only the personal header fields, `To` and `Message-ID`, are missing.
pub(super) struct Content {
    /// None for a text for one person, which nobody asks for again.
    source: Option<Source>,
    /// `From`.
    pub(super) before_to: String,
    /// `Subject`.
    pub(super) before_message_id: String,
    /// The other header fields and the body with its dots doubled, up to and with the final line.
    pub(super) rest: String,
}

/// The source of a content.
#[derive(PartialEq, Eq)]
struct Source {
    requested_at: DateTime<Utc>,
    subject: Option<String>,
    body: String,
    html: Option<String>,
}

impl Content {
    /// Encodes it. An error is proof that it can never be sent as it is.
    pub(super) fn try_new(from: &Mailbox, outgoing: &Outgoing) -> Result<Self, Failure> {
        let subject = subject_header(one_line(outgoing.subject.as_deref().unwrap_or_default())?);
        let text = body(&outgoing.body)?;
        let [before_to, before_message_id, rest] = match &outgoing.html {
            None => plain(from, subject, outgoing.requested_at, text)?,
            Some(html) => [
                lines(|headers| headers.set(header::From::from(Mailboxes::from(from.clone())))),
                lines(|headers| headers.insert_raw(subject)),
                alternative::rest(outgoing.requested_at, text, body(html)?),
            ],
        };
        let source = (!outgoing.is_personal).then(|| Source::of(outgoing));
        Ok(Self { source, before_to, before_message_id, rest })
    }

    /// Whether it is the content of this message.
    pub(super) fn is_of(&self, outgoing: &Outgoing) -> bool {
        let Some(Source { requested_at, subject, body, html }) = &self.source else { return false };
        // The time first: it tells two notifications apart at once.
        *requested_at == outgoing.requested_at
            && *subject == outgoing.subject
            && *body == outgoing.body
            && *html == outgoing.html
    }
}

impl Source {
    fn of(outgoing: &Outgoing) -> Self {
        Self {
            requested_at: outgoing.requested_at,
            subject: outgoing.subject.clone(),
            body: outgoing.body.clone(),
            html: outgoing.html.clone(),
        }
    }
}

/// A mail without HTML by lettre, which chooses the encoding that its text needs.
fn plain(
    from: &Mailbox,
    subject: HeaderValue,
    requested_at: DateTime<Utc>,
    text: &str,
) -> Result<[String; 3], Failure> {
    // A placeholder: lettre requires a recipient.
    let envelope = Envelope::new(None, vec![from.email.clone()]).map_err(|_| unusable())?;
    let message = Message::builder()
        .envelope(envelope)
        .from(from.clone())
        .raw_header(subject)
        .date(requested_at.into())
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("MIME-Version"), "1.0".to_owned()))
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN)
        .body(crlf(text))
        .map_err(|_| unusable())?;
    let message = String::from_utf8(message.formatted()).map_err(|_| unusable())?;
    let [before_to, before_message_id, rest] = parts(&message).ok_or_else(unusable)?;
    Ok([before_to.to_owned(), before_message_id.to_owned(), dotted(rest)])
}

/// The lines of header fields, encoded and folded by lettre.
pub(super) fn lines(set: impl FnOnce(&mut Headers)) -> String {
    let mut headers = Headers::new();
    set(&mut headers);
    headers.to_string()
}

/// The failure of a message of which no mail can be made.
pub(super) fn unusable() -> Failure {
    Failure::observed(FailureClass::PermanentContent, None, Observation::ContentUnusable)
}

/// A line break here would let a name or a subject write header fields of its own.
pub(super) fn one_line(text: &str) -> Result<&str, Failure> {
    if text.contains(['\r', '\n', '\0']) {
        return Err(unusable());
    }
    Ok(text)
}

/// Splits the header into the fields before `Subject`, `Subject` itself, and the rest. A line that does not begin a
/// field begins with white space, so that no field's name can be found within a value.
fn parts(message: &str) -> Option<[&str; 3]> {
    const LINE_END: usize = "\r\n".len();
    let subject = message.find("\r\nSubject: ")? + LINE_END;
    let date = subject + message[subject..].find("\r\nDate: ")? + LINE_END;
    Some([&message[..subject], &message[subject..date], &message[date..]])
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

fn body(text: &str) -> Result<&str, Failure> {
    if memchr::memchr2(b'\r', b'\0', text.as_bytes()).is_some() {
        return Err(unusable());
    }
    Ok(text)
}

/// lettre would do it too, but by inserting into the string once per line, which is quadratic.
fn crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

/// The subject verbatim: printable ASCII as it is; anything else, and text that only looks encoded or has spaces that a
/// receiver may remove, as encoded words on lines of at most 76 characters (RFC 2047 section 2).
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

/// The message in the form of DATA: a dot before every line that begins with one, and a line with one dot at the end
/// (RFC 5321 4.5.2).
fn dotted(message: &str) -> String {
    const END: &str = "\r\n.\r\n";
    let mut wire = String::with_capacity(message.len() + END.len());
    wire.push_str(&message.replace("\r\n.", "\r\n.."));
    wire.push_str(END);
    wire
}

#[cfg(test)]
#[path = "content_tests.rs"]
mod tests;
