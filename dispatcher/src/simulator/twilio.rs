//! A server that speaks Twilio's dialect.

use std::collections::HashMap;

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper::{
    Method, StatusCode,
    header::{AUTHORIZATION, RETRY_AFTER},
    http::request::Parts,
};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::accepted::{AcceptedMessage, AcceptedMessages};
use super::http::{self, Answer, Dialect, Reference, Sms, delivery_id};
use super::receipts::Report;
use super::{ACCOUNT, Refusal, SECRET};

/// The one account's API.
pub(super) struct Twilio;

impl Dialect for Twilio {
    fn is_for(&self, head: &Parts) -> bool {
        head.method == Method::POST && head.uri.path() == messages_path()
    }

    fn is_probe(&self, head: &Parts) -> bool {
        head.method == Method::GET && head.uri.path() == format!("/2010-04-01/Accounts/{ACCOUNT}.json")
    }

    fn is_authorized(&self, head: &Parts) -> bool {
        let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{ACCOUNT}:{SECRET}")));
        head.headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes() == expected.as_bytes())
    }

    fn read(&self, body: &[u8]) -> Result<Sms, Refusal> {
        let mut fields: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        let mut field = |name| fields.remove(name).filter(|value: &String| !value.is_empty());
        let sender = field("From").or_else(|| field("MessagingServiceSid"));
        let callback = field("StatusCallback").and_then(|url| Url::parse(&url).ok());
        let delivery_id = callback.as_ref().and_then(delivery_id).unwrap_or_default();
        Ok(Sms {
            to: field("To").ok_or(Refusal::sms(400, 21604, "A 'To' phone number is required"))?,
            from: sender.ok_or(Refusal::sms(400, 21603, "A 'From' phone number is required"))?,
            body: field("Body").ok_or(Refusal::sms(400, 21602, "Message body is required"))?,
            delivery_id,
            name: String::new(),
            callback,
        })
    }

    fn accepted(&self, sms: &Sms, reference: Reference<'_>) -> Answer {
        let body = json!({
            "sid": reference.named("SM"),
            "account_sid": ACCOUNT,
            "status": "queued",
            "to": sms.to,
            "from": sms.from,
            "body": sms.body,
            "error_code": null,
            "error_message": null,
        });
        http::json(StatusCode::CREATED, &body)
    }

    fn refused(&self, refusal: Refusal) -> Answer {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = match refusal.code {
            // What stands before an API speaks no JSON.
            0 => Value::Null,
            code => json!({ "code": code, "message": refusal.text, "status": refusal.status }),
        };
        let mut answer = http::json(status, &body);
        if let Some(wait) = refusal.retry_after.filter(|_| status == StatusCode::TOO_MANY_REQUESTS) {
            answer.headers_mut().insert(RETRY_AFTER, wait.as_secs().into());
        }
        answer
    }

    fn report(&self, sms: &Sms, reference: Reference<'_>, undelivered: Option<u32>) -> Option<Report> {
        let callback = sms.callback.clone()?;
        let mut parameters = vec![
            ("AccountSid", ACCOUNT.to_owned()),
            ("From", sms.from.clone()),
            ("MessageSid", reference.named("SM")),
            ("MessageStatus", if undelivered.is_some() { "undelivered" } else { "delivered" }.to_owned()),
            ("To", sms.to.clone()),
        ];
        parameters.extend(undelivered.map(|code| ("ErrorCode", code.to_string())));
        parameters.sort_unstable();
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(&parameters).finish();
        let signature = ("x-twilio-signature", signature(&callback, &parameters));
        let kind = "application/x-www-form-urlencoded";
        Some(Report { callback, kind, body: form, signature: Some(signature) })
    }

    /// The list of messages to a number. The day is not looked at.
    fn found(&self, head: &Parts, accepted: &AcceptedMessages) -> Option<Answer> {
        if head.method != Method::GET || head.uri.path() != messages_path() {
            return None;
        }
        let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
        let to = query.into_owned().find(|(name, _)| name == "To").map(|(_, to)| to);
        let messages = accepted.find(|message| to.as_ref().is_none_or(|to| *to == message.to));
        let messages: Vec<Value> = messages.iter().map(listed).collect();
        Some(http::json(StatusCode::OK, &json!({"messages": messages, "next_page_uri": null})))
    }

    fn unknown(&self) -> Refusal {
        Refusal::sms(404, 20404, "The requested resource was not found")
    }

    fn unauthorized(&self) -> Refusal {
        Refusal::sms(401, 20003, "Authenticate")
    }
}

fn messages_path() -> String {
    format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
}

fn listed(message: &AcceptedMessage) -> Value {
    json!({
        "sid": format!("SM{}", message.reference),
        "account_sid": ACCOUNT,
        "direction": "outbound-api",
        "status": if message.undelivered.is_some() { "undelivered" } else { "sent" },
        "to": message.to,
        "from": message.from,
        "body": message.body,
        "date_created": message.at.to_rfc2822(),
        "date_sent": message.at.to_rfc2822(),
        "error_code": message.undelivered,
        "error_message": null,
    })
}

/// The signature of a callback as the simulated Twilio makes it: the HMAC-SHA1 of the address and of the names and values of
/// the parameters, which are in order.
pub fn signature(callback: &Url, parameters: &[(&str, String)]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
    let all: String = parameters.iter().flat_map(|(name, value)| [name, value.as_str()]).collect();
    BASE64_STANDARD.encode(hmac::sign(&key, format!("{callback}{all}").as_bytes()))
}
