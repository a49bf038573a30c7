//! Where the answer to a request has its id and its error.

use domain::deliveries::{FailureClass, Phase};
use serde::Deserialize;
use serde_json::Value;

use super::codes::{ClassLists, Classes, Code, Meaning, kept, names};
use super::pointer::Pointer;
use crate::provider::{
    failure::{Accepted, Doubt, Failure, SendFailure},
    schedule::RetryAdvice,
    sms::{
        dialect::Answer,
        fields::{self, bounded},
        status,
    },
};

/// `[sms.providers.answer]`: the places of an answer in JSON.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenericAnswer {
    /// The provider's own name for an accepted message.
    id: Pointer,
    /// The code of an error.
    error: Option<Pointer>,
    /// The words of an error.
    text: Option<Pointer>,
    /// What stands at `error` when there is none. Nothing there means the same.
    #[serde(default)]
    success: Vec<Code>,
    /// What the codes mean.
    #[serde(default)]
    classes: ClassLists,
}

impl GenericAnswer {
    /// None: a code has two meanings.
    pub(super) fn classes(&self) -> Option<Classes> {
        Classes::try_new(&self.classes)
    }

    /// Whether a code means success, and a failure too.
    pub(super) fn is_success_in(&self, classes: &Classes) -> bool {
        self.success.iter().any(|code| classes.names(code.as_str()))
    }

    /// An id without an error is an acceptance. An id with an error, or with a client error of HTTP, is a message that the
    /// provider took and gave up: another attempt would be a second message. Without an id the error or the HTTP status
    /// decides.
    pub(super) fn read(&self, answer: &Answer<'_>, classes: &Classes) -> Result<Accepted, SendFailure> {
        let body = answer.body.map(fields::json).unwrap_or_default();
        let code = self.code(&body);
        match self.id.word(&body) {
            Some(id) if code.is_none() && !answer.status.is_client_error() => {
                Ok(Accepted { reference: bounded(&id) })
            }
            Some(_) => Err(self.refused(answer, RetryAdvice::Never, &body, classes)),
            None if is_refusal(answer, code.as_deref(), classes) => {
                Err(self.refused(answer, answer.advice, &body, classes))
            }
            None => Err(self.doubt(answer, &body).into()),
        }
    }

    fn code(&self, body: &Value) -> Option<String> {
        self.error.as_ref()?.word(body).filter(|code| !names(&self.success, code))
    }

    fn text(&self, body: &Value) -> String {
        self.text.as_ref().and_then(|text| text.word(body)).unwrap_or_default()
    }

    /// A code that no class names has the class of the HTTP status, which may be named as a code is.
    fn refused(
        &self,
        answer: &Answer<'_>,
        advice: RetryAdvice,
        body: &Value,
        classes: &Classes,
    ) -> SendFailure {
        let code = self.code(body);
        let by_code = code.as_deref().and_then(|code| classes.of(code));
        let by_status =
            || answer.status.is_client_error().then(|| classes.of(answer.status.as_str())).flatten();
        let class = match by_code.or_else(by_status) {
            Some(Meaning::OptedOut) => return SendFailure::OptedOut,
            Some(Meaning::Failed(class)) => Some(class),
            None => None,
        };
        let failure = match (class, code.as_deref().and_then(kept)) {
            (None, None) => status::refused(answer.status),
            (class, code) => {
                let class = class.unwrap_or_else(|| self.class_of_status(answer));
                Failure::answered(
                    class,
                    Phase::Http,
                    code.unwrap_or_else(|| answer.status.as_str().to_owned()),
                    "",
                )
            }
        };
        failure.with_text(&self.text(body)).with_advice(advice).into()
    }

    fn class_of_status(&self, answer: &Answer<'_>) -> FailureClass {
        if answer.status.is_success() { FailureClass::Unknown } else { status::class_of(answer.status) }
    }

    /// With the provider's code, so that an operator can name it in the configuration.
    fn doubt(&self, answer: &Answer<'_>, body: &Value) -> Doubt {
        let mut doubt = status::doubt(answer);
        if let Some(code) = self.code(body).as_deref().and_then(kept) {
            doubt.evidence.code = Some(code);
        }
        doubt
    }
}

/// Many APIs refuse with status 200 and a code. Such a code is proof if the configuration says what it means.
fn is_refusal(answer: &Answer<'_>, code: Option<&str>, classes: &Classes) -> bool {
    let is_known = code.is_some_and(|code| classes.of(code).is_some());
    status::is_refusal(answer.status, code.is_some()) || (answer.status.is_success() && is_known)
}
