//! Where a message from a person has its number and its text.

use serde::Deserialize;

use super::pointer::Pointer;
use super::receipt::Format;
use crate::provider::sms::dialect::{InboundMessage, StatusCallback};

/// `[sms.providers.inbound]`: the places of a message from a person.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenericInbound {
    /// How it comes.
    #[serde(default)]
    format: Format,
    /// The number that it comes from, in international form, with its plus sign or without.
    from: Pointer,
    /// The text.
    text: Pointer,
}

impl GenericInbound {
    /// Reads a message that is the provider's; empty if it comes from no number. None: it is no message.
    pub(super) fn read(&self, callback: &StatusCallback<'_>) -> Option<Vec<InboundMessage>> {
        let message = self.format.document(callback);
        let (from, text) = (self.from.word(&message)?, self.text.word(&message)?);
        Some(InboundMessage::from_number(&from, &text).into_iter().collect())
    }
}
