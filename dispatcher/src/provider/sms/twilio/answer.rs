//! The meaning of Twilio's answer to a request for the message.

use super::codes::{OPTED_OUT, class_of, is_of_the_account, meaning_of};
use crate::provider::{
    failure::{Accepted, Failure, SendFailure},
    schedule::RetryAdvice,
    sms::{
        dialect::Answer,
        fields::{self, bounded, word},
        status,
    },
};
use domain::deliveries::Phase;

/// The largest number that is read as a code: Twilio's have five digits. A longer one may be a phone number.
const CODE_MAX: u64 = 999_999;

/// Both of Twilio's answers, the message's resource and the error document, as far as they can be read: a number may be
/// a string and a string a number, and a field that is neither is absent.
#[derive(Debug, Default)]
struct Body {
    sid: Option<String>,
    has_failed: bool,
    code: Option<u64>,
    message: Option<String>,
}

impl Body {
    /// A text that is no JSON object has no fields.
    fn read(bytes: &[u8]) -> Self {
        let fields = fields::json(bytes);
        let of = |name: &str| fields.get(name).and_then(word);
        let code_of = |name: &str| of(name).and_then(|word| code(&word));
        Self {
            sid: of("sid"),
            // A message that will not be sent any more (twilio.com/docs/messaging/api/message-resource#message-status-values).
            has_failed: of("status")
                .is_some_and(|status| matches!(status.as_str(), "failed" | "undelivered" | "canceled")),
            code: code_of("error_code").or_else(|| code_of("code")),
            message: of("error_message").or_else(|| of("message")),
        }
    }
}

/// A code of Twilio's, as a number or in words.
pub(super) fn code(word: &str) -> Option<u64> {
    let digits = word.strip_suffix(".0").unwrap_or(word);
    digits.parse().ok().filter(|code| (1..=CODE_MAX).contains(code))
}

/// A sid means that there is a message, whatever else the answer says: accepted, or failed for good by an error of its
/// own. Without one the status decides: a refusal proves that nothing was sent.
pub(super) fn read(answer: &Answer<'_>) -> Result<Accepted, SendFailure> {
    let body = answer.body.map(Body::read).unwrap_or_default();
    match &body.sid {
        Some(_) if body.code.is_some() || body.has_failed || answer.status.is_client_error() => {
            // Twilio accepted the message and gave it up: another attempt would be a second message.
            Err(refused(answer, RetryAdvice::Never, &body))
        }
        Some(sid) => Ok(Accepted { reference: bounded(sid) }),
        None if status::is_refusal(answer.status, body.code.is_some()) => {
            Err(refused(answer, answer.advice, &body))
        }
        None => Err(status::doubt(answer).into()),
    }
}

fn refused(answer: &Answer<'_>, advice: RetryAdvice, body: &Body) -> SendFailure {
    if body.code == Some(OPTED_OUT) {
        return SendFailure::OptedOut;
    }
    let Some(code) = body.code else {
        let text = body.message.as_deref().unwrap_or_default();
        return status::refused(answer.status).with_text(text).with_advice(advice).into();
    };
    let class = class_of(code).unwrap_or_else(|| status::class_of(answer.status));
    let text = body.message.as_deref().unwrap_or_default();
    let failure = Failure::answered(class, Phase::Http, code.to_string(), text)
        .with_meaning(meaning_of(code))
        .with_advice(advice);
    let failure = if is_of_the_account(code) { failure.for_every_message() } else { failure };
    failure.into()
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
