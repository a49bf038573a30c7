//! Renders a notification's text for one person. Preview, confirmation and sending share this pure function, so that
//! they cannot differ.

use crate::notification::{Addressee, SmsOptions};
use crate::value::sms::{gsm_only, takes_unicode, transliterate};

/// A notification's text, the same for everybody. It has no variables yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The subject of an e-mail.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
    /// How an SMS is sent; none for an e-mail.
    pub sms: Option<SmsOptions>,
}

/// The rendered text for one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject of an e-mail.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
}

/// Renders the text for one person. An SMS is in the form that the network of the person's number carries.
pub fn render(text: &Text, person: &Addressee) -> Rendered {
    let rendered = Rendered { subject: text.subject.clone(), body: text.body.clone() };
    match text.sms {
        None => rendered,
        Some(_) if !takes_unicode(&person.address) => rendered.without_unicode(),
        Some(SmsOptions { transliterate: true, .. }) => {
            Rendered { body: transliterate(&rendered.body), ..rendered }
        }
        Some(_) => rendered,
    }
}

impl Rendered {
    /// The SMS in the form that a provider without Unicode carries.
    #[must_use]
    pub fn without_unicode(self) -> Self {
        Self { body: gsm_only(&self.body), ..self }
    }
}

crate::personal::hide_in_debug!(Text, Rendered);

#[cfg(test)]
mod tests {
    use super::*;

    fn body(sms: Option<SmsOptions>, address: &str) -> String {
        let person = Addressee {
            client_name: String::new(),
            contact_name: String::new(),
            address: address.to_owned(),
        };
        render(&Text { subject: None, body: "¿Habrá 😀?".to_owned(), sms }, &person).body
    }

    #[test]
    fn an_sms_is_transliterated_on_request_and_loses_what_the_network_does_not_carry() {
        let (verbatim, cheap) =
            (SmsOptions::default(), SmsOptions { transliterate: true, segments_max: None });
        assert_eq!(body(Some(verbatim), "+573001234567"), "¿Habrá 😀?");
        assert_eq!(body(Some(cheap), "+573001234567"), "¿Habra 😀?");
        assert_eq!(body(Some(verbatim), "+525512345678"), "¿Habra ??");
        assert_eq!(body(None, "+52@example.com"), "¿Habrá 😀?", "an e-mail");
    }
}
