//! The request that asks for a message by our name for it, and where its answer has the state.

use std::collections::BTreeMap;
use std::fmt;

use domain::deliveries::Receipt;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::codes::{Classes, Code, names};
use super::pattern::Pattern;
use super::pointer::Pointer;
use super::receipt::{cause, of};
use crate::provider::redaction::{provider_text, without_recipient};
use crate::provider::sms::dialect::{Answer, Found, FoundMessage};
use crate::provider::sms::fields::{self, bounded};

/// `[sms.providers.query]`: a GET with the headers of a send that changes nothing.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenericQuery {
    /// Where it asks.
    pub(super) url: Pattern,
    /// With which parameters: `{reference}` must be among them, or in the URL.
    #[serde(default)]
    pub(super) query: BTreeMap<String, Pattern>,
    /// The provider's own name for the message. Without it in an answer the provider has none.
    id: Pointer,
    /// The state of the message.
    status: Pointer,
    /// The code of a failure.
    error: Option<Pointer>,
    /// The words of a failure.
    text: Option<Pointer>,
    /// The states of a message on its way.
    accepted: Vec<Code>,
    /// The states of a message that arrived.
    delivered: Vec<Code>,
    /// The states of a message that will not arrive. All others do not tell.
    failed: Vec<Code>,
}

/// Templates may hold secrets.
impl fmt::Debug for GenericQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenericQuery").finish_non_exhaustive()
    }
}

impl GenericQuery {
    /// Whether no state has two meanings.
    pub(super) fn tells_states_apart(&self) -> bool {
        let lists = [&self.accepted, &self.delivered, &self.failed];
        let all: Vec<&Code> = lists.into_iter().flatten().collect();
        all.iter().enumerate().all(|(place, code)| !all[..place].iter().any(|before| before == code))
    }

    /// The message in an answer. A 404, and an answer of 2xx in JSON without its id, say that there is none. None: it does not
    /// tell.
    pub(super) fn read(&self, answer: &Answer<'_>, to: &str, classes: &Classes) -> Option<Found> {
        if answer.status == StatusCode::NOT_FOUND {
            return Some(Found::ByName(None));
        }
        let body = fields::json(answer.body.ok().filter(|_| answer.status.is_success())?);
        if !body.is_object() && !body.is_array() {
            return None;
        }
        let Some(id) = self.id.word(&body) else { return Some(Found::ByName(None)) };
        let receipt = self.receipt(&body, &self.status.word(&body)?, classes)?;
        let text = provider_text(&of(&self.text, &body).unwrap_or_default());
        Some(Found::ByName(Some(FoundMessage {
            reference: without_recipient(&bounded(&id), to),
            receipt,
            text: without_recipient(&text, to),
        })))
    }

    /// None: the state is not named.
    fn receipt(&self, body: &Value, status: &str, classes: &Classes) -> Option<Option<Receipt>> {
        if names(&self.accepted, status) {
            return Some(None);
        }
        if names(&self.delivered, status) {
            return Some(Some(Receipt::Delivered));
        }
        names(&self.failed, status).then(|| {
            let error = of(&self.error, body);
            Some(Receipt::Bounced(cause(error.as_deref(), status, classes)))
        })
    }
}
