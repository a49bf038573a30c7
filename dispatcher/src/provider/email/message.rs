//! A message to one person as an SMTP mail, the same bytes on every attempt.

use std::fmt::Write as _;

use domain::deliveries::{FailureClass, Observation};
use lettre::{
    Address,
    message::{Mailbox, Mailboxes, header::To},
};

use super::{
    address,
    content::{self, Content},
};
use crate::provider::{Outgoing, failure::Failure};

/// An envelope and a message that is ready for the wire.
pub(super) struct Mail {
    pub(super) sender: Address,
    pub(super) recipient: Address,
    /// The message with its dots doubled and its final line, ready after 354. In one buffer, because a body and a dot
    /// written separately are delayed by Nagle's algorithm.
    pub(super) wire: String,
}

impl Mail {
    /// Adds the personal header fields to a content. An error is proof that the mail can never be sent as it is.
    pub(super) fn try_new(from: &Mailbox, outgoing: &Outgoing, content: &Content) -> Result<Self, Failure> {
        let recipient = address(&outgoing.to)?;
        let sender = sender(from, outgoing)?;
        let name = content::one_line(outgoing.to_name.as_deref().unwrap_or_default())?;
        let to = to_header(name, &recipient);
        let Content { before_to, before_message_id, rest, .. } = content;
        let unsubscribe = unsubscribe_headers(outgoing);
        let room = MESSAGE_ID_ROOM + unsubscribe.len();
        let capacity = before_to.len() + to.len() + before_message_id.len() + room + rest.len();
        let mut wire = String::with_capacity(capacity);
        wire.extend([before_to.as_str(), to.as_str(), before_message_id.as_str()]);
        // Writing to memory does not fail.
        let _ = write!(wire, "Message-ID: <{}@{}>\r\n", outgoing.delivery_id, from.email.domain());
        wire.push_str(&unsubscribe);
        wire.push_str(rest);
        Ok(Self { sender, recipient, wire })
    }

    /// Whether an address needs SMTPUTF8 (RFC 6531).
    pub(super) fn is_international(&self) -> bool {
        ![&self.sender, &self.recipient]
            .iter()
            .all(|address| address.user().is_ascii() && address.domain().is_ascii())
    }
}

/// Capacity for a Message-ID with a domain of usual length, so that the message is not moved in memory while it is
/// built.
const MESSAGE_ID_ROOM: usize = 128;

/// The envelope's sender: the return address of this mail, else the address in `From`.
fn sender(from: &Mailbox, outgoing: &Outgoing) -> Result<Address, Failure> {
    match &outgoing.returns.path {
        Some(path) => address::parse(path).ok_or_else(content::unusable),
        None => Ok(from.email.clone()),
    }
}

/// The header fields of the one-click unsubscribe (RFC 8058). One click needs https; by a link of http a reader unsubscribes
/// on its page.
fn unsubscribe_headers(outgoing: &Outgoing) -> String {
    let Some(url) = &outgoing.returns.unsubscribe else { return String::new() };
    let one_click = match url.scheme() {
        "https" => "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        _ => "",
    };
    format!("List-Unsubscribe: <{url}>\r\n{one_click}")
}

fn address(text: &str) -> Result<Address, Failure> {
    let not_an_address =
        || Failure::observed(FailureClass::PermanentAddress, None, Observation::AddressUnusable);
    address::parse(text).ok_or_else(not_an_address)
}

/// `To` with its line's end, encoded and folded by lettre where there is a name.
fn to_header(name: &str, recipient: &Address) -> String {
    if name.is_empty() {
        return format!("To: {recipient}\r\n");
    }
    let mailbox = Mailbox::new(Some(name.to_owned()), recipient.clone());
    content::lines(|headers| headers.set(To::from(Mailboxes::from(mailbox))))
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
