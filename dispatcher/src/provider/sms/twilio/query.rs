//! Twilio's list of messages (twilio.com/docs/messaging/api/message-resource, «Read multiple Message resources»). It is searched by
//! recipient and day, newest first; our own name is in the callback's address, which it does not show. So a message is known
//! by its recipient, sender, text and time.

use chrono::{DateTime, Utc};
use domain::deliveries::doubts::CLOCK_DIFFERENCE_MAX;
use serde_json::Value;
use url::Url;

use super::TwilioSender;
use super::callback::receipt;
use crate::provider::redaction::{provider_text, without_recipient};
use crate::provider::sms::dialect::{Answer, Doubted, Found, FoundMessage};
use crate::provider::sms::fields::{self, bounded, word};

/// How many messages one page holds. A person who got more of them since the day of the send is not told apart.
const PAGE: usize = 50;

/// The address of the list of messages to a recipient since the day of the send.
pub(super) fn address(messages: &Url, doubted: &Doubted) -> Url {
    let mut url = messages.clone();
    let first = doubted.window.after - CLOCK_DIFFERENCE_MAX;
    let day = first.format("%Y-%m-%d").to_string();
    url.query_pairs_mut()
        .append_pair("To", &doubted.outgoing.to)
        .append_pair("DateSent>", &day)
        .append_pair("PageSize", &PAGE.to_string());
    url
}

/// The messages that have the recipient, sender and text of a doubt, and were made in its time. None: the list cannot be read,
/// or is longer than a page.
pub(super) fn read(doubted: &Doubted, from: &TwilioSender, answer: &Answer<'_>) -> Option<Found> {
    let body = fields::json(answer.body.ok().filter(|_| answer.status.is_success())?);
    let messages = body.get("messages")?.as_array()?;
    if messages.len() >= PAGE || body.get("next_page_uri").and_then(word).is_some() {
        return None;
    }
    let fitting = messages.iter().filter(|message| fits(message, doubted, from));
    Some(Found::ByContent(fitting.filter_map(|message| found(message, &doubted.outgoing.to)).collect()))
}

fn fits(message: &Value, doubted: &Doubted, from: &TwilioSender) -> bool {
    let of = |name: &str| message.get(name).and_then(word);
    let is_outbound = of("direction").is_some_and(|direction| direction.starts_with("outbound"));
    let is_ours = match from {
        TwilioSender::From(number) => of("from").as_ref() == Some(number),
        TwilioSender::MessagingService(sid) => of("messaging_service_sid").as_ref() == Some(sid),
    };
    let outgoing = &doubted.outgoing;
    let says_the_same = of("body").is_some_and(|body| body == outgoing.body.trim());
    let is_in_time = of("date_created").and_then(|text| time(&text));
    is_outbound
        && is_ours
        && says_the_same
        && of("to").as_ref() == Some(&outgoing.to)
        && is_in_time.is_some_and(|at| doubted.window.contains(at))
}

/// Twilio writes times as mails do (RFC 2822).
fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|time| time.to_utc())
}

fn found(message: &Value, to: &str) -> Option<FoundMessage> {
    let of = |name: &str| message.get(name).and_then(word);
    let text = provider_text(&of("error_message").unwrap_or_default());
    Some(FoundMessage {
        reference: without_recipient(&bounded(&of("sid")?), to),
        receipt: receipt(&of("status")?, of("error_code").as_deref()),
        text: without_recipient(&text, to),
    })
}

#[cfg(test)]
mod tests {
    use domain::deliveries::Receipt;
    use domain::deliveries::doubts::SendWindow;
    use reqwest::StatusCode;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::provider::Outgoing;
    use crate::provider::schedule::RetryAdvice;

    fn doubted() -> Doubted {
        let at = |text: &str| time(text).expect("a time");
        Doubted {
            outgoing: Outgoing {
                delivery_id: Uuid::from_u128(7).into(),
                generation: 1,
                attempt: 1,
                to: "+573001234567".into(),
                to_name: None,
                subject: None,
                body: "Alarma en su local ".into(),
                html: None,
                is_personal: false,
                returns: Default::default(),
                requested_at: DateTime::UNIX_EPOCH,
            },
            window: SendWindow {
                after: at("Tue, 01 Dec 2026 03:00:00 +0000"),
                before: at("Tue, 01 Dec 2026 03:00:20 +0000"),
            },
        }
    }

    fn message() -> Value {
        json!({
            "sid": "SM1", "direction": "outbound-api", "from": "+1500", "to": "+573001234567",
            "body": "Alarma en su local", "status": "sent", "error_code": null,
            "date_created": "Tue, 01 Dec 2026 03:00:05 +0000",
        })
    }

    fn answered(status: u16, body: &Value) -> Option<Found> {
        let text = body.to_string();
        let status = StatusCode::from_u16(status).expect("a status");
        let answer = Answer { status, advice: RetryAdvice::Schedule, body: Ok(text.as_bytes()) };
        read(&doubted(), &TwilioSender::From("+1500".into()), &answer)
    }

    fn listed(messages: Value) -> Option<Found> {
        answered(200, &json!({"messages": messages, "next_page_uri": null}))
    }

    fn references(found: Option<Found>) -> Vec<String> {
        match found {
            Some(Found::ByContent(messages)) => messages.into_iter().map(|one| one.reference).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_list_is_asked_for_by_recipient_and_day() {
        let messages = Url::parse("https://api.test/2010-04-01/Accounts/AC1/Messages.json").expect("a URL");
        let query = address(&messages, &doubted()).query().map(str::to_owned);
        assert_eq!(query.as_deref(), Some("To=%2B573001234567&DateSent%3E=2026-12-01&PageSize=50"));
    }

    #[test]
    fn a_message_with_the_same_recipient_sender_text_and_time_is_found() {
        let found = listed(json!([message()]));
        let expected = FoundMessage { reference: "SM1".into(), receipt: None, text: String::new() };
        assert_eq!(found, Some(Found::ByContent(vec![expected])));
        let mut delivered = message();
        delivered["status"] = json!("delivered");
        let Some(Found::ByContent(found)) = listed(json!([delivered])) else { panic!("a list") };
        assert_eq!(found[0].receipt, Some(Receipt::Delivered));
    }

    #[test]
    fn another_recipient_sender_text_direction_or_time_is_another_message() {
        let differences = [
            ("to", "+573001234568"),
            ("from", "+1501"),
            ("body", "Alarma en su casa"),
            ("direction", "inbound"),
            ("date_created", "Tue, 01 Dec 2026 02:59:00 +0000"),
            ("date_created", "Tue, 01 Dec 2026 03:01:00 +0000"),
            ("date_created", "today"),
        ];
        for (field, value) in differences {
            let mut other = message();
            other[field] = json!(value);
            assert!(references(listed(json!([other]))).is_empty(), "{field}");
        }
        assert!(references(listed(json!([]))).is_empty());
    }

    #[test]
    fn an_answer_that_does_not_show_everything_does_not_tell() {
        for (status, body) in [
            (200, json!({})),
            (200, json!({"messages": [message()], "next_page_uri": "/more"})),
            (200, json!({"messages": vec![message(); PAGE], "next_page_uri": null})),
            (500, json!({"messages": [message()]})),
            (401, json!({"code": 20003})),
        ] {
            assert_eq!(answered(status, &body), None, "{status} {body}");
        }
    }
}
