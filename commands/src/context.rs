//! The context of a command: its actor, origin and idempotency key.

use domain::value::{CompanyId, UserId};
use serde_json::Value;
use uuid::Uuid;

use crate::clock;
use crate::log::{FirstAnswer, Keys, Lane, Metadata, metadata};

/// The parts of a command that become metadata of its events.
#[derive(Debug, Clone)]
pub struct CommandContext {
    /// The user who gives it; none for commands of the system.
    pub actor: Option<UserId>,
    /// The address it came from.
    pub ip: Option<String>,
    /// The correlation id: the same for everything that one request leads to.
    pub correlation: Uuid,
    /// The event that led to it.
    pub causation: Option<Uuid>,
    /// The W3C trace context.
    pub traceparent: Option<String>,
    /// The company it concerns, if one.
    pub company: Option<CompanyId>,
    /// The idempotency key, if the caller gave one.
    pub idempotency: Option<Idempotency>,
    /// Whether a caller waits for the answer.
    pub lane: Lane,
}

/// The identity of a request under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// UUIDv5 of the caller and the caller's key, so that the keys of two callers never collide.
    pub command_id: Uuid,
    /// The caller.
    pub caller: Uuid,
    /// The fingerprint of the request, see [`Keys::fingerprint`].
    pub fingerprint: [u8; 32],
}

impl Idempotency {
    /// A request of a caller under a key. `asked` are the parts that must be equal for the answer to be the same:
    /// method, path, body.
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

    /// The same, about the company of the addressees, if there is one.
    #[must_use]
    pub(crate) fn about_any(&self, company: Option<CompanyId>) -> Self {
        Self { company: company.or(self.company), ..self.clone() }
    }

    /// The metadata of its events.
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

    /// The first answer to store, if the command has an idempotency key.
    pub(crate) fn first_answer(&self, answer: &Value) -> Option<FirstAnswer> {
        self.idempotency.as_ref().map(|asked| FirstAnswer {
            command_id: asked.command_id,
            caller: asked.caller,
            fingerprint: asked.fingerprint,
            answer: answer.clone(),
        })
    }
}
