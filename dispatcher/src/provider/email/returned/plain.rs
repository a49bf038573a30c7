//! Bounces in plain words, of servers that write no delivery status notification: qmail (cr.yp.to/proto/qsbmf.txt), old
//! Exims, gateways.

use domain::deliveries::Receipt;
use mail_parser::Message;

use super::ReturnedMail;
use super::codes::{Codes, cause};
use crate::provider::redaction::provider_text;

/// How many lines are looked at: the reason stands before the mail that is sent back.
const LINES_MAX: usize = 100;
/// The senders of bounces. Answers of people on holiday come from themselves.
const SENDERS: [&str; 2] = ["mailer-daemon", "postmaster"];
/// Exim's field with the recipients that it has given up.
const FAILED_RECIPIENTS: &str = "X-Failed-Recipients";
/// How qmail begins (QSBMF).
const QMAIL: &str = "Hi. This is the";

pub(super) fn read(message: &Message<'_>) -> Option<ReturnedMail> {
    let text = message.body_text(0).unwrap_or_default();
    let says_failed = message.header(FAILED_RECIPIENTS).is_some();
    if !says_failed && !is_from_a_server(message) && !text.starts_with(QMAIL) {
        return None;
    }
    let reason = text.lines().take(LINES_MAX).map(|line| (Codes::of_reply(line.trim()), line));
    match reason.into_iter().find(|(codes, _)| codes.are_final()) {
        Some((codes, line)) => Some(bounced(codes, line)),
        None => says_failed.then(|| bounced(Codes::default(), "")),
    }
}

fn bounced(codes: Codes, reason: &str) -> ReturnedMail {
    ReturnedMail { receipt: Receipt::Bounced(cause(codes)), text: provider_text(reason) }
}

fn is_from_a_server(message: &Message<'_>) -> bool {
    let address = message.from().and_then(|from| from.first()).and_then(|from| from.address());
    let user = address.and_then(|address| address.split('@').next()).unwrap_or_default();
    SENDERS.iter().any(|sender| user.eq_ignore_ascii_case(sender))
}
