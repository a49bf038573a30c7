//! A server that speaks Infobip's dialect.

use hyper::{
    Method, StatusCode,
    header::{AUTHORIZATION, RETRY_AFTER},
    http::request::Parts,
};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::accepted::{AcceptedMessage, AcceptedMessages};
use super::http::{self, Answer, Dialect, Reference, Sms, callback_at, delivery_id, text_at};
use super::receipts::Report;
use super::{Refusal, SECRET};

/// The one account's API.
pub(super) struct Infobip;

impl Dialect for Infobip {
    fn is_for(&self, head: &Parts) -> bool {
        head.method == Method::POST && head.uri.path() == "/sms/3/messages"
    }

    fn is_probe(&self, head: &Parts) -> bool {
        head.method == Method::GET && head.uri.path() == "/account/1/balance"
    }

    fn is_authorized(&self, head: &Parts) -> bool {
        let expected = format!("App {SECRET}");
        head.headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes() == expected.as_bytes())
    }

    fn read(&self, body: &[u8]) -> Result<Sms, Refusal> {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let field = |pointer: &str, text| text_at(&body, pointer).ok_or(Refusal::sms(400, 21602, text));
        let callback = callback_at(&body, "/messages/0/webhooks/delivery/url");
        Ok(Sms {
            to: format!("+{}", field("/messages/0/destinations/0/to", "messages[0].destinations: missing")?),
            from: field("/messages/0/sender", "messages[0].sender: missing")?,
            body: field("/messages/0/content/text", "messages[0].content.text: missing")?,
            delivery_id: callback.as_ref().and_then(delivery_id).unwrap_or_default(),
            name: text_at(&body, "/messages/0/destinations/0/messageId").unwrap_or_default(),
            callback,
        })
    }

    fn accepted(&self, sms: &Sms, reference: Reference<'_>) -> Answer {
        let status = json!({
            "groupId": 1,
            "groupName": "PENDING",
            "id": 26,
            "name": "PENDING_ACCEPTED",
            "description": "Message sent to next instance",
        });
        message(&id(sms, reference), &sms.to, status)
    }

    fn refused(&self, refusal: Refusal) -> Answer {
        let rejected = |id: u32, name: &str| {
            let description = refusal.text;
            json!({"groupId": 5, "groupName": "REJECTED", "id": id, "name": name, "description": description})
        };
        match refusal.code {
            // What stands before an API speaks no JSON.
            0 => http::json(status(refusal), &Value::Null),
            21211 => message("refused", "", rejected(52, "REJECTED_DESTINATION")),
            21610 => message("refused", "", rejected(14, "REJECTED_DESTINATION_BLOCKLISTED")),
            _ => exception(refusal),
        }
    }

    fn report(&self, sms: &Sms, reference: Reference<'_>, undelivered: Option<u32>) -> Option<Report> {
        let (status, error) = match undelivered {
            None => ((3, "DELIVERED_TO_HANDSET"), (0, "NO_ERROR")),
            Some(code) => ((2, "UNDELIVERABLE_NOT_DELIVERED"), (1, error_name(code))),
        };
        let [status, error] = [status, error].map(|(group, name)| json!({"groupId": group, "name": name}));
        let (id, to) = (id(sms, reference), sms.to.trim_start_matches('+'));
        let result = json!({"messageId": id, "to": to, "status": status, "error": error});
        let body = json!({"results": [result]}).to_string();
        Some(Report { callback: sms.callback.clone()?, kind: "application/json", body, signature: None })
    }

    /// The log of the message with an id.
    fn found(&self, head: &Parts, accepted: &AcceptedMessages) -> Option<Answer> {
        if head.method != Method::GET || head.uri.path() != "/sms/3/logs" {
            return None;
        }
        let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
        let id = query.into_owned().find(|(name, _)| name == "messageId").map(|(_, id)| id)?;
        let results: Vec<Value> = accepted.find(|message| message.name == id).iter().map(logged).collect();
        Some(http::json(StatusCode::OK, &json!({"results": results})))
    }

    fn unknown(&self) -> Refusal {
        Refusal::sms(404, 20404, "Requested URL not found")
    }

    fn unauthorized(&self) -> Refusal {
        Refusal::sms(401, 20003, "The request lacks valid authentication credentials")
    }
}

/// The id that the message was given, else one of its own.
fn id(sms: &Sms, reference: Reference<'_>) -> String {
    match reference {
        Reference::Serial(_) if !sms.name.is_empty() => sms.name.clone(),
        other => other.named(""),
    }
}

fn logged(message: &AcceptedMessage) -> Value {
    let (status, error) = match message.undelivered {
        None => ((1, "PENDING_ENROUTE"), (0, "NO_ERROR")),
        Some(code) => ((2, "UNDELIVERABLE_NOT_DELIVERED"), (1, error_name(code))),
    };
    let [status, error] = [status, error].map(|(group, name)| json!({"groupId": group, "name": name}));
    let destination = message.to.trim_start_matches('+');
    json!({"messageId": message.name, "destination": destination, "status": status, "error": error})
}

/// Infobip's name for what Twilio's code says.
const fn error_name(code: u32) -> &'static str {
    match code {
        30003 => "EC_ABSENT_SUBSCRIBER",
        30005 => "EC_UNKNOWN_SUBSCRIBER",
        30006 => "EC_DEST_ADDRESS_UNABLE_TO_RECEIVE_SMS",
        _ => "EC_UNKNOWN_ERROR",
    }
}

/// Infobip answers 200 to a message that it rejects, too, and gives it an id.
fn message(id: &str, to: &str, status: Value) -> Answer {
    let destination = to.trim_start_matches('+');
    let message = json!({"messageId": id, "status": status, "destination": destination});
    http::json(StatusCode::OK, &json!({"messages": [message]}))
}

fn exception(refusal: Refusal) -> Answer {
    let status = status(refusal);
    let code = format!("E{}", status.as_u16());
    let mut answer =
        http::json(status, &json!({"errorCode": code, "description": refusal.text, "violations": []}));
    if let Some(wait) = refusal.retry_after.filter(|_| status == StatusCode::TOO_MANY_REQUESTS) {
        answer.headers_mut().insert(RETRY_AFTER, wait.as_secs().into());
    }
    answer
}

fn status(refusal: Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST)
}
