//! Delivery status notifications (RFC 3464): one block about the mail, then one for each recipient.

use domain::deliveries::Receipt;

use super::ReturnedMail;
use super::codes::{Codes, cause};
use super::fields::Fields;
use crate::provider::redaction::{provider_text, without_recipient};

/// What a report says of one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// Given up.
    Failed,
    /// In the mailbox.
    Delivered,
    /// Delayed, relayed or expanded: not the end.
    NotFinal,
}

/// Our mails have one recipient each; several blocks come from a list or a forwarding behind it. A failure among them is what
/// an operator has to know.
pub(super) fn read(status: &str) -> Option<ReturnedMail> {
    let blocks = Fields::blocks(status);
    let of = |wanted: Action| blocks.iter().find(|block| action(block) == Some(wanted));
    let (recipient, receipt) = match (of(Action::Failed), of(Action::Delivered)) {
        (Some(failed), _) => (failed, Receipt::Bounced(cause(codes(failed)))),
        (None, Some(delivered)) => (delivered, Receipt::Delivered),
        (None, None) => return None,
    };
    Some(ReturnedMail { receipt, text: text(recipient) })
}

/// The `Action` counts: a mail that was given up after days of trying has failed, with a status that begins with 4. Without an
/// action only a status of 5 is an end.
fn action(block: &Fields) -> Option<Action> {
    match (block.word("action").as_deref(), block.get("status")) {
        (Some("failed"), _) => Some(Action::Failed),
        (Some("delivered"), _) => Some(Action::Delivered),
        (Some(_), _) => Some(Action::NotFinal),
        (None, Some(status)) if status.starts_with('5') => Some(Action::Failed),
        (None, _) => None,
    }
}

/// The remote server's own code says more than the reporter's: Exim reports every failure as 5.0.0.
fn codes(block: &Fields) -> Codes {
    let diagnostic = block.typed("diagnostic-code").map(Codes::of_reply).unwrap_or_default();
    diagnostic.or(block.get("status").map(Codes::of_status).unwrap_or_default())
}

fn text(block: &Fields) -> String {
    let said = block.typed("diagnostic-code").or_else(|| block.get("status")).unwrap_or_default();
    let recipients = ["final-recipient", "original-recipient"].map(|name| block.typed(name));
    let kept = provider_text(said);
    recipients.into_iter().flatten().fold(kept, |text, recipient| without_recipient(&text, recipient))
}
