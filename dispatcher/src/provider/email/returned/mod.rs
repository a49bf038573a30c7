//! Mails that come back: delivery status notifications (RFC 3464), what servers without them say in plain words, and
//! complaints (RFC 5965). Which mail one is about is said by its return address, not here.

mod codes;
mod fields;
mod plain;
mod status;
#[cfg(test)]
mod tests;

use domain::deliveries::Receipt;
use mail_parser::{MessageParser, MessagePart, MimeHeaders as _};

use fields::Fields;

/// What a mail that came back says of the mail it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedMail {
    /// What became of it.
    pub receipt: Receipt,
    /// The reporter's own text, bounded, in one line, without addresses; empty if there is none.
    pub text: String,
}

/// The kinds of feedback (RFC 5965 7.3, and `opt-out` of its drafts) by which a person refuses our mails. `not-spam` praises
/// one, and `auth-failure` (RFC 6591) is about our servers.
const COMPLAINTS: [&str; 3] = ["abuse", "fraud", "opt-out"];

/// How many parts of a mail are looked at. Mails within mails are freed by recursion, and a report has a handful.
const PARTS_MAX: usize = 200;

/// Reads a mail that came back, or its beginning. None: it reports nothing final, as a warning of a delay, or it is no report,
/// as the answer of somebody on holiday.
pub fn read_returned(mail: &[u8]) -> Option<ReturnedMail> {
    let message = MessageParser::default().parse(bounded(mail))?;
    let text_of = |kind: &str| message.parts.iter().find(|part| is_message(part, kind)).map(text);
    if let Some(feedback) = text_of("feedback-report") {
        return complaint(&feedback);
    }
    match text_of("delivery-status").or_else(|| text_of("global-delivery-status")) {
        Some(status) => status::read(&status),
        None => plain::read(&message),
    }
}

/// A mail up to the field that begins one part too many.
fn bounded(mail: &[u8]) -> &[u8] {
    const FIELD: &[u8] = b"content-type";
    let is_field =
        |at: &usize| mail[*at..].get(..FIELD.len()).is_some_and(|name| name.eq_ignore_ascii_case(FIELD));
    let end = memchr::memchr2_iter(b'c', b'C', mail).filter(is_field).nth(PARTS_MAX);
    end.map_or(mail, |end| &mail[..end])
}

/// Whether a part has a type such as `message/delivery-status`. Some servers report outside of a `multipart/report`.
fn is_message(part: &MessagePart<'_>, kind: &str) -> bool {
    part.content_type().is_some_and(|its| {
        its.ctype().eq_ignore_ascii_case("message")
            && its.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case(kind))
    })
}

/// A part as text. Fields and codes are ASCII; bytes that are no UTF-8 are replaced.
fn text(part: &MessagePart<'_>) -> String {
    String::from_utf8_lossy(part.contents()).into_owned()
}

fn complaint(feedback: &str) -> Option<ReturnedMail> {
    let blocks = Fields::blocks(feedback);
    let kind = blocks.iter().find_map(|block| block.word("feedback-type"))?;
    let is_complaint = COMPLAINTS.contains(&kind.as_str());
    is_complaint.then(|| ReturnedMail { receipt: Receipt::Complained, text: String::new() })
}
