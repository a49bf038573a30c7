//! Renders a notification's text for one person. Preview, confirmation and sending share this pure function, so that
//! they cannot differ.

use crate::notification::Addressee;

/// A notification's text, the same for everybody. It has no variables yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The subject of an e-mail.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
}

/// The rendered text for one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject of an e-mail.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
}

/// Renders the text for one person.
pub fn render(text: &Text, _person: &Addressee) -> Rendered {
    Rendered { subject: text.subject.clone(), body: text.body.clone() }
}

crate::personal::hide_in_debug!(Text, Rendered);
