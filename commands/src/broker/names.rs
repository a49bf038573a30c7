//! The names of streams and subjects: each carries the ledger's id, so that several ledgers may share a broker.

use std::borrow::Cow;

use serde::Deserialize;
use uuid::Uuid;

use crate::log::StoredEvent;

/// The stream that mirrors a ledger.
pub(crate) fn stream_name(ledger: Uuid) -> String {
    format!("MENSAJERIA_{}", ledger.simple())
}

/// The subjects of a ledger's stream.
pub(super) fn stream_subjects(ledger: Uuid) -> String {
    format!("mensajeria.{}.events.>", ledger.simple())
}

/// The subject on which processes announce the head of the log.
pub(super) fn head_subject(ledger: Uuid) -> String {
    format!("mensajeria.{}.head", ledger.simple())
}

/// `mensajeria.<ledger>.events.<aggregate>.<event>.<company or ->.<id>`.
pub(crate) fn events_subject(ledger: Uuid, event: &StoredEvent) -> String {
    let mut subject = format!("mensajeria.{}.events", ledger.simple());
    let company = company(&event.metadata);
    let company = company.as_deref().unwrap_or("-");
    for token in [&event.aggregate_type, &event.event_type, company, &event.aggregate_id] {
        subject.push('.');
        push_token(&mut subject, token);
    }
    subject
}

fn company(metadata: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Concerned<'_>>(metadata).ok()?.company
}

/// The part of an event's metadata that its subject contains.
#[derive(Deserialize)]
struct Concerned<'a> {
    #[serde(borrow)]
    company: Option<Cow<'a, str>>,
}

/// Characters with a meaning in NATS become `_`, and so does an empty token.
fn push_token(subject: &mut String, token: &str) {
    let fits = |c: char| !(c.is_whitespace() || c.is_control() || matches!(c, '.' | '*' | '>'));
    if token.is_empty() {
        subject.push('_');
    }
    subject.extend(token.chars().map(|c| if fits(c) { c } else { '_' }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::StoredEvent;

    fn event(id: &str, metadata: &str) -> StoredEvent {
        StoredEvent {
            aggregate_type: "receipt".into(),
            aggregate_id: id.into(),
            event_type: "MessageRead".into(),
            metadata: metadata.into(),
            ..StoredEvent::sample()
        }
    }

    #[test]
    fn a_subject_names_aggregate_event_company_and_id() {
        let ledger = Uuid::nil();
        let prefix = "mensajeria.00000000000000000000000000000000.events.receipt.MessageRead";
        assert_eq!(
            events_subject(ledger, &event("a:b", r#"{"actor": "x", "company": "c"}"#)),
            format!("{prefix}.c.a:b")
        );
        assert_eq!(events_subject(ledger, &event("a:b", "{}")), format!("{prefix}.-.a:b"));
    }

    #[test]
    fn an_id_cannot_add_tokens_or_wildcards() {
        assert!(events_subject(Uuid::nil(), &event("a.b c\n*>", "[]")).ends_with(".-.a_b_c___"));
        assert!(events_subject(Uuid::nil(), &event("", "{}")).ends_with(".-._"));
    }
}
