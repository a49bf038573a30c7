//! The SMS that the simulated APIs have accepted, for those who ask what became of one.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::http::Sms;

/// How many messages are kept, the newest.
const KEPT_MAX: usize = 20_000;

/// A message that was accepted.
#[derive(Debug, Clone)]
pub(super) struct AcceptedMessage {
    /// Its number, without a dialect's prefix.
    pub(super) reference: String,
    /// The sender's own name for it; empty if it gave none.
    pub(super) name: String,
    pub(super) to: String,
    pub(super) from: String,
    pub(super) body: String,
    pub(super) at: DateTime<Utc>,
    /// Why it does not reach the handset, by Twilio's code.
    pub(super) undelivered: Option<u32>,
}

/// The newest messages that were accepted.
#[derive(Default)]
pub(super) struct AcceptedMessages(Mutex<VecDeque<AcceptedMessage>>);

impl AcceptedMessages {
    pub(super) fn keep(&self, sms: &Sms, reference: String, at: DateTime<Utc>, undelivered: Option<u32>) {
        let message = AcceptedMessage {
            reference,
            name: sms.name.clone(),
            to: sms.to.clone(),
            from: sms.from.clone(),
            body: sms.body.clone(),
            at,
            undelivered,
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front(message);
        kept.truncate(KEPT_MAX);
    }

    /// The messages that fit, the newest first.
    pub(super) fn find(&self, fits: impl Fn(&AcceptedMessage) -> bool) -> Vec<AcceptedMessage> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().filter(|message| fits(message)).cloned().collect()
    }
}
