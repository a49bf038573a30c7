//! What an HTTP status means for a message, whatever the dialect.

use domain::deliveries::{Evidence, FailureClass, Observation, Phase};
use reqwest::StatusCode;

use super::dialect::Answer;
use crate::provider::failure::{Doubt, Failure};

/// Whether nothing was processed (RFC 9110 15).
///
/// `is_explained`: the body has a code of the provider's own.
///
/// A 5xx, a 408, a 409 and a 499 may come after the message was accepted, the last from a proxy that timed out. So may
/// a 406, which is about the answer. A 2xx without the provider's reference proves nothing. All other client errors
/// that have a meaning say that the request was not fulfilled, whether they come from the provider or from a proxy. 303
/// answers a request that was processed (15.4.4). Other redirects are not followed, and mean that `base_url` is wrong.
pub(super) fn is_refusal(status: StatusCode, is_explained: bool) -> bool {
    match status.as_u16() {
        100..=199 | 301 | 302 | 307 | 308 => true,
        400..=405 | 407 | 410 | 411 | 413..=415 | 417 | 421 | 422 | 425 | 426 | 428 | 429 | 431 | 451 => true,
        // The provider's own code explains these; a message alone may be a proxy's. A timed out request is never explained.
        400..=499 if status != StatusCode::REQUEST_TIMEOUT => is_explained,
        _ => false,
    }
}

/// A refusal of which only the status can be read.
pub(super) fn refused(status: StatusCode) -> Failure {
    let failure = Failure::answered(class_of(status), Phase::Http, status.as_str(), "");
    if status == StatusCode::UNAUTHORIZED { failure.for_every_message() } else { failure }
}

/// An answer that shows neither an accepted message nor a refusal.
pub(super) fn doubt(answer: &Answer<'_>) -> Doubt {
    let observed = answer.body.err().unwrap_or(Observation::AnswerUnclear);
    let code = Some(answer.status.as_str().to_owned());
    let evidence = Evidence { phase: Some(Phase::Http), code, observed: Some(observed) };
    Doubt { evidence, text: String::new() }
}

/// The class of a failure by its status alone, without a provider's code (RFC 9110 15.5, RFC 6585, RFC 8470).
pub(super) fn class_of(status: StatusCode) -> FailureClass {
    match status.as_u16() {
        // Credentials, an account that owes money, a `base_url` without this API.
        100..=199 | 300..=399 | 401..=405 | 407 | 410 | 411 | 415 | 421 | 426 => FailureClass::ConfigAuth,
        429 => FailureClass::Throttled,
        425 => FailureClass::Transient,
        451 => FailureClass::PolicyReputation,
        _ => FailureClass::Unknown,
    }
}
