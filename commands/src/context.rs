//! Who gives a command, whence, and whether it may be asked twice.

use domain::value::{CompanyId, UserId};
use serde_json::Value;
use uuid::Uuid;

use crate::clock;
use crate::log::{FirstAnswer, Keys, Lane, Metadata, metadata};

/// What travels with a command into the metadata of its events.
#[derive(Debug, Clone)]
pub struct CommandContext {
    /// The user who gives it; none for the system's own doing.
    pub actor: Option<UserId>,
    /// Where it came from.
    pub ip: Option<String>,
    /// What ties together all that one request leads to.
    pub correlation: Uuid,
    /// The event that led to it.
    pub causation: Option<Uuid>,
    /// The W3C trace context.
    pub traceparent: Option<String>,
    /// The company it concerns, if one.
    pub company: Option<CompanyId>,
    /// The caller's key, if it may be asked twice.
    pub idempotency: Option<Idempotency>,
    /// Whether somebody waits for the answer.
    pub lane: Lane,
}

/// What makes two requests the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// UUIDv5 of the caller and the caller's key, so that two callers never meet.
    pub command_id: Uuid,
    /// Who asks.
    pub caller: Uuid,
    /// What is asked, as [`Keys::fingerprint`] knows it again.
    pub fingerprint: [u8; 32],
}

impl Idempotency {
    /// What a caller asks under a key. `asked` is what must be equal for the answer to be the same: method, path, body.
    pub fn new(keys: &Keys, caller: UserId, key: &str, asked: &[&[u8]]) -> Self {
        let caller = Uuid::from(caller);
        let command_id = Uuid::new_v5(&caller, key.as_bytes());
        Self { command_id, caller, fingerprint: keys.fingerprint(asked) }
    }
}

impl CommandContext {
    /// A command given by a user who waits for the answer.
    pub fn of_user(actor: UserId) -> Self {
        Self { actor: Some(actor), lane: Lane::Interactive, ..Self::of_system() }
    }

    /// A command that the system gives itself.
    pub fn of_system() -> Self {
        Self {
            actor: None,
            ip: None,
            correlation: clock::new_id(),
            causation: None,
            traceparent: None,
            company: None,
            idempotency: None,
            lane: Lane::Bulk,
        }
    }

    /// The same, about a company.
    #[must_use]
    pub fn about(mut self, company: CompanyId) -> Self {
        self.company = Some(company);
        self
    }

    /// The same, about the company that something was addressed to, if it was to one.
    #[must_use]
    pub(crate) fn about_any(&self, company: Option<CompanyId>) -> Self {
        Self { company: company.or(self.company), ..self.clone() }
    }

    /// As it stands in the metadata of events.
    pub fn metadata(&self) -> Metadata {
        let text = |id: Uuid| id.to_string();
        let entries = [
            (metadata::ACTOR, self.actor.map(|actor| actor.to_string())),
            (metadata::IP, self.ip.clone()),
            (metadata::CORRELATION, Some(text(self.correlation))),
            (metadata::CAUSATION, self.causation.map(text)),
            (metadata::COMMAND, self.idempotency.as_ref().map(|asked| text(asked.command_id))),
            (metadata::TRACEPARENT, self.traceparent.clone()),
            (metadata::COMPANY, self.company.map(|company| company.to_string())),
        ];
        entries.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// The first answer to be kept, if the command may be asked twice.
    pub(crate) fn first_answer(&self, answer: &Value) -> Option<FirstAnswer> {
        self.idempotency.as_ref().map(|asked| FirstAnswer {
            command_id: asked.command_id,
            caller: asked.caller,
            fingerprint: asked.fingerprint,
            answer: answer.clone(),
        })
    }
}
