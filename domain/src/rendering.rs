//! What a person is told: a notification's text and a person's data into what is sent. One pure function, so that the
//! preview, the confirmation and the sending cannot differ.

use crate::notification::Addressee;

/// A notification's text, the same for everybody. It has no variables yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The subject of an e-mail.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
}

/// What one person is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject of an e-mail.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
}

/// What a person is sent.
pub fn render(text: &Text, _person: &Addressee) -> Rendered {
    Rendered { subject: text.subject.clone(), body: text.body.clone() }
}

crate::personal::hide_in_debug!(Text, Rendered);
