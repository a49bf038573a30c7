//! Where a report has its message and its state.

use domain::deliveries::{Cause, Evidence, FailureClass, Observation, Phase, Receipt};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::codes::{Classes, Code, Meaning, kept, names};
use super::pointer::Pointer;
use crate::provider::redaction::{provider_text, without_recipient};
use crate::provider::sms::dialect::{CallbackError, SentDelivery, StatusCallback, StatusReport};
use crate::provider::sms::fields::{self, bounded};

/// `[sms.providers.receipt]`: the places of a report.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenericReceipt {
    /// How a report comes.
    #[serde(default)]
    format: Format,
    /// The provider's own name for the message. A report that names it by its address or by our own name needs none.
    id: Option<Pointer>,
    /// Our own name for it, `{reference}` of the request, if the provider repeats it.
    reference: Option<Pointer>,
    /// The recipient's number, which texts must not repeat.
    to: Option<Pointer>,
    /// The state of the message.
    status: Pointer,
    /// The code of a failure.
    error: Option<Pointer>,
    /// The words of a failure.
    text: Option<Pointer>,
    /// The states of a message that arrived.
    delivered: Vec<Code>,
    /// The states of a message that will not arrive. In all others it is on its way.
    failed: Vec<Code>,
}

/// How a report comes. The fields of a form and of a query are an object of JSON to the pointers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Json,
    Form,
    Query,
}

impl GenericReceipt {
    /// Whether no state means both.
    pub(super) fn tells_states_apart(&self) -> bool {
        !self.failed.iter().any(|state| names(&self.delivered, state.as_str()))
    }

    /// Whether a report itself says which message it is about.
    pub(super) const fn names_its_message(&self) -> bool {
        self.id.is_some() || self.reference.is_some()
    }

    /// Whether a request has the fields of a report.
    pub(super) fn is_one(&self, callback: &StatusCallback<'_>) -> bool {
        let report = self.format.document(callback);
        let names_it = of(&self.id, &report).or_else(|| of(&self.reference, &report)).is_some();
        names_it && self.status.word(&report).is_some()
    }

    /// Reads a report that is the provider's. `sent` is the message of its address.
    pub(super) fn read(
        &self,
        callback: &StatusCallback<'_>,
        sent: Option<SentDelivery>,
        classes: &Classes,
    ) -> Result<Option<StatusReport>, CallbackError> {
        let report = self.format.document(callback);
        let status = self.status.word(&report).ok_or(CallbackError::Unreadable)?;
        let id = of(&self.id, &report);
        let sent = sent.or_else(|| SentDelivery::of_name(&of(&self.reference, &report)?));
        if id.is_none() && sent.is_none() {
            return Err(CallbackError::Unreadable);
        }
        let Some(receipt) = self.receipt(&report, &status, classes) else { return Ok(None) };
        let to = of(&self.to, &report).unwrap_or_default();
        let text = provider_text(&of(&self.text, &report).unwrap_or_default());
        Ok(Some(StatusReport {
            reference: without_recipient(&bounded(&id.unwrap_or_default()), &to),
            sent,
            receipt,
            text: without_recipient(&text, &to),
        }))
    }

    fn receipt(&self, report: &Value, status: &str, classes: &Classes) -> Option<Receipt> {
        if names(&self.delivered, status) {
            return Some(Receipt::Delivered);
        }
        names(&self.failed, status).then(|| {
            let error = of(&self.error, report);
            Receipt::Bounced(cause(error.as_deref(), status, classes))
        })
    }
}

/// The error has a class, else the state.
pub(super) fn cause(error: Option<&str>, status: &str, classes: &Classes) -> Cause {
    let meaning = error.and_then(|error| classes.of(error)).or_else(|| classes.of(status));
    let (class, observed) = match meaning {
        // A report cannot suppress a delivery any more: no message will reach this number.
        Some(Meaning::OptedOut) => (FailureClass::PermanentAddress, Some(Observation::OptedOut)),
        Some(Meaning::Failed(class)) => (class, None),
        None => (FailureClass::Unknown, None),
    };
    let code = error.and_then(kept).or_else(|| kept(status)).unwrap_or_default();
    Cause { class, evidence: Evidence { observed, ..Evidence::answered(Phase::Report, code) } }
}

pub(super) fn of(pointer: &Option<Pointer>, report: &Value) -> Option<String> {
    pointer.as_ref()?.word(report)
}

impl Format {
    pub(super) fn document(self, callback: &StatusCallback<'_>) -> Value {
        let pairs = match self {
            Self::Json => return fields::json(callback.body),
            Self::Form => callback.body,
            Self::Query => callback.query.as_bytes(),
        };
        let pairs = form_urlencoded::parse(pairs).into_owned();
        Value::Object(pairs.map(|(name, value)| (name, Value::String(value))).collect::<Map<_, _>>())
    }
}
