//! Infobip's logs (infobip.com/docs/api/channels/sms, «Get outbound SMS message logs»): of the last two days, by the id that we
//! gave the message.

use serde_json::Value;
use url::Url;

use super::report::{id, receipt, text};
use crate::provider::redaction::{provider_text, without_recipient};
use crate::provider::sms::dialect::{Answer, Doubted, Found, FoundMessage};
use crate::provider::sms::fields::{self, bounded};

/// The address of the log of a message.
pub(super) fn address(logs: &Url, doubted: &Doubted) -> Url {
    let mut url = logs.clone();
    url.query_pairs_mut().append_pair("messageId", &doubted.outgoing.sent().name());
    url
}

/// The message of a doubt. None: the log cannot be read, or is about other messages.
pub(super) fn read(doubted: &Doubted, answer: &Answer<'_>) -> Option<Found> {
    let body = fields::json(answer.body.ok().filter(|_| answer.status.is_success())?);
    let results = body.get("results").and_then(Value::as_array)?;
    if results.is_empty() {
        return Some(Found::ByName(None));
    }
    let name = doubted.outgoing.sent().name();
    let message = results.iter().find(|result| id(result).as_ref() == Some(&name))?;
    let to = &doubted.outgoing.to;
    Some(Found::ByName(Some(FoundMessage {
        reference: bounded(&name),
        receipt: receipt(message)?,
        text: without_recipient(&provider_text(&text(message)), to),
    })))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::deliveries::Receipt;
    use domain::deliveries::doubts::SendWindow;
    use reqwest::StatusCode;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::provider::Outgoing;
    use crate::provider::schedule::RetryAdvice;

    const NAME: &str = "00000000-0000-0000-0000-000000000007.2.1";

    fn doubted() -> Doubted {
        Doubted {
            outgoing: Outgoing {
                delivery_id: Uuid::from_u128(7).into(),
                generation: 2,
                attempt: 1,
                to: "+573001234567".into(),
                to_name: None,
                subject: None,
                body: "Hola".into(),
                html: None,
                is_personal: false,
                returns: Default::default(),
                requested_at: DateTime::UNIX_EPOCH,
            },
            window: SendWindow { after: DateTime::UNIX_EPOCH, before: DateTime::UNIX_EPOCH },
        }
    }

    fn answered(status: u16, body: &Value) -> Option<Found> {
        let text = body.to_string();
        let status = StatusCode::from_u16(status).expect("a status");
        read(&doubted(), &Answer { status, advice: RetryAdvice::Schedule, body: Ok(text.as_bytes()) })
    }

    fn logged(id: &str, group: u32, status: &str) -> Option<Found> {
        let status = json!({"groupId": group, "name": status, "description": "said"});
        answered(200, &json!({"results": [{"messageId": id, "status": status}]}))
    }

    #[test]
    fn a_message_is_asked_for_by_our_own_name() {
        let logs = Url::parse("https://abc.api.infobip.com/sms/3/logs").expect("a URL");
        let expected = format!("messageId={NAME}");
        assert_eq!(address(&logs, &doubted()).query(), Some(expected.as_str()));
    }

    #[test]
    fn a_logged_message_is_found_with_what_became_of_it() {
        let found = |receipt| {
            Some(Found::ByName(Some(FoundMessage { reference: NAME.into(), receipt, text: "said".into() })))
        };
        assert_eq!(logged(NAME, 1, "PENDING_ENROUTE"), found(None));
        assert_eq!(logged(NAME, 3, "DELIVERED_TO_HANDSET"), found(Some(Receipt::Delivered)));
        let Some(Found::ByName(Some(rejected))) = logged(NAME, 5, "REJECTED_NETWORK") else {
            panic!("a message")
        };
        assert!(matches!(rejected.receipt, Some(Receipt::Bounced(_))));
    }

    #[test]
    fn an_empty_log_has_no_message_and_a_strange_one_does_not_tell() {
        assert_eq!(answered(200, &json!({"results": []})), Some(Found::ByName(None)));
        assert_eq!(logged("another", 3, "DELIVERED_TO_HANDSET"), None);
        assert_eq!(logged(NAME, 9, "NEW"), None);
        assert_eq!(answered(429, &json!({"results": []})), None);
        assert_eq!(answered(200, &json!({})), None);
    }
}
