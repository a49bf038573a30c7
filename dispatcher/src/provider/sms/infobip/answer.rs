//! The meaning of Infobip's answer to a request for the message.

use domain::deliveries::{FailureClass, Phase};
use serde_json::Value;

use super::codes::{State, class_of, is_of_the_account, is_opt_out, meaning_of, name, state};
use crate::provider::{
    failure::{Accepted, Failure, SendFailure},
    schedule::RetryAdvice,
    sms::{
        dialect::Answer,
        fields::{self, bounded, word},
        status::{self, doubt},
    },
};

/// The status of a message whose id another one has
/// (infobip.com/docs/essentials/api-essentials/response-status-and-error-codes).
const DUPLICATE: &str = "REJECTED_DUPLICATE_MESSAGE_ID";

/// A message with an id and a status that is no failure is accepted. One that is rejected was not taken: its class decides
/// whether it is tried again. One that was given up is not, because the operator had it. Without a status object the HTTP
/// status decides.
pub(super) fn read(answer: &Answer<'_>) -> Result<Accepted, SendFailure> {
    let body = answer.body.map(fields::json).unwrap_or_default();
    let message = body.get("messages").and_then(|messages| messages.get(0)).unwrap_or(&Value::Null);
    let id = message.get("messageId").and_then(word);
    let status = message.get("status").unwrap_or(&Value::Null);
    match (state(status), id) {
        // It has a message of this name already: an answer to it was lost.
        (Some(State::Rejected), _) if name(status).as_deref() == Some(DUPLICATE) => Err(doubt(answer).into()),
        (Some(State::Rejected), _) => Err(failed(status, answer.advice)),
        (Some(State::GivenUp), _) => Err(failed(status, RetryAdvice::Never)),
        (_, Some(id)) if !answer.status.is_client_error() => Ok(Accepted { reference: bounded(&id) }),
        _ => Err(unexplained(answer, &body)),
    }
}

/// A failure with the name of its status, which a number of its own would not explain.
fn failed(status: &Value, advice: RetryAdvice) -> SendFailure {
    let Some(name) = name(status) else {
        return Failure::answered(FailureClass::Unknown, Phase::Http, "REJECTED", "")
            .with_advice(advice)
            .into();
    };
    if is_opt_out(&name) {
        return SendFailure::OptedOut;
    }
    let class = class_of(&name).unwrap_or(FailureClass::Unknown);
    let text = status.get("description").and_then(word).unwrap_or_default();
    let failure = Failure::answered(class, Phase::Http, name.as_str(), &text)
        .with_meaning(meaning_of(&name))
        .with_advice(advice);
    let failure = if is_of_the_account(&name) { failure.for_every_message() } else { failure };
    failure.into()
}

/// An answer about the request, in either of the forms of Infobip's errors. Their codes repeat the HTTP status.
fn unexplained(answer: &Answer<'_>, body: &Value) -> SendFailure {
    let exception = body.pointer("/requestError/serviceException");
    let of = |object: Option<&Value>, key: &str| object.and_then(|object| object.get(key)).and_then(word);
    let is_explained = of(Some(body), "errorCode").or_else(|| of(exception, "messageId")).is_some();
    if !status::is_refusal(answer.status, is_explained) {
        return status::doubt(answer).into();
    }
    let text = of(Some(body), "description").or_else(|| of(exception, "text")).unwrap_or_default();
    status::refused(answer.status).with_text(&text).with_advice(answer.advice).into()
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
