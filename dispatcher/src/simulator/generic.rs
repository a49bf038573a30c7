//! The server of the example in docs/providers.md: an aggregator that answers 200 to nearly everything.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper::{Method, StatusCode, header::AUTHORIZATION, http::request::Parts};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::accepted::AcceptedMessages;
use super::http::{self, Answer, Dialect, Reference, Sms, callback_at, text_at};
use super::receipts::Report;
use super::{ACCOUNT, FROM, RECEIPT_KEY, Refusal, SECRET};
use crate::provider::GenericSettings;

/// The path of its API.
pub(super) const PATH: &str = "/v1/sms";
/// The path that answers what became of a message.
const STATUS_PATH: &str = "/v1/status";
/// The path that answers who the account is.
const ACCOUNT_PATH: &str = "/v1/account";

/// The one account's API.
pub(super) struct Generic;

impl Dialect for Generic {
    fn is_for(&self, head: &Parts) -> bool {
        head.method == Method::POST && head.uri.path() == PATH
    }

    fn is_probe(&self, head: &Parts) -> bool {
        head.method == Method::GET && head.uri.path() == ACCOUNT_PATH
    }

    fn is_authorized(&self, head: &Parts) -> bool {
        let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{ACCOUNT}:{SECRET}")));
        head.headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes() == expected.as_bytes())
    }

    fn read(&self, body: &[u8]) -> Result<Sms, Refusal> {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let field = |pointer: &str, text| text_at(&body, pointer).ok_or(Refusal::sms(400, 21602, text));
        Ok(Sms {
            to: format!("+{}", field("/messages/0/to", "no number")?),
            from: field("/sender", "no sender")?,
            body: field("/messages/0/text", "no text")?,
            delivery_id: text_at(&body, "/messages/0/reference")
                .and_then(|name| Some(name.split_once('.')?.0.to_owned()))
                .unwrap_or_default(),
            name: text_at(&body, "/messages/0/reference").unwrap_or_default(),
            callback: callback_at(&body, "/messages/0/callback"),
        })
    }

    fn accepted(&self, _sms: &Sms, reference: Reference<'_>) -> Answer {
        answer(json!({"id": reference.named("A"), "error": {"code": 0, "message": ""}}))
    }

    fn refused(&self, refusal: Refusal) -> Answer {
        let code = match refusal.code {
            // What stands before an API speaks no JSON.
            0 => return http::json(StatusCode::BAD_GATEWAY, &Value::Null),
            21211 => 101,
            20429 => 201,
            21610 => 301,
            20003 => 401,
            _ => 900,
        };
        answer(json!({"id": null, "error": {"code": code, "message": refusal.text}}))
    }

    fn report(&self, sms: &Sms, reference: Reference<'_>, undelivered: Option<u32>) -> Option<Report> {
        let state = if undelivered.is_some() { "UNDELIV" } else { "DELIVRD" };
        let error = undelivered.map(|code| if code == 30003 { 501 } else { 101 });
        let body = json!({"id": reference.named("A"), "state": state, "error": error}).to_string();
        Some(Report { callback: sms.callback.clone()?, kind: "application/json", body, signature: None })
    }

    /// The message with a name.
    fn found(&self, head: &Parts, accepted: &AcceptedMessages) -> Option<Answer> {
        if head.method != Method::GET || head.uri.path() != STATUS_PATH {
            return None;
        }
        let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
        let name = query.into_owned().find(|(name, _)| name == "reference").map(|(_, value)| value)?;
        let found = accepted.find(|message| message.name == name);
        let told = found.first().map(|message| {
            let state = if message.undelivered.is_some() { "UNDELIV" } else { "ENROUTE" };
            json!({"id": format!("A{}", message.reference), "state": state})
        });
        Some(http::json(StatusCode::OK, &told.unwrap_or_else(|| json!({"id": null}))))
    }

    fn unknown(&self) -> Refusal {
        Refusal::sms(404, 20404, "no such path")
    }

    fn unauthorized(&self) -> Refusal {
        Refusal::sms(401, 20003, "wrong account or password")
    }
}

fn answer(message: Value) -> Answer {
    http::json(StatusCode::OK, &json!({"messages": [message]}))
}

/// The account as a configuration describes it.
pub(crate) fn account(url: &str) -> GenericSettings {
    let request = json!({
        "url": url,
        "check_url": url.replace(PATH, ACCOUNT_PATH),
        "headers": {"Authorization": "Basic {basic}"},
        "json": {
            "sender": "{from}",
            "messages": [
                {"to": "{to_digits}", "text": "{text}", "reference": "{reference}", "callback": "{callback_url}"},
            ],
        },
    });
    let answer = json!({
        "id": "/messages/0/id",
        "error": "/messages/0/error/code",
        "text": "/messages/0/error/message",
        "success": [0],
        "classes": {
            "permanent_address": [101],
            "transient": [501],
            "throttled": [201],
            "opted_out": [301],
            "config_auth": [401],
        },
    });
    let query = json!({
        "url": url.replace(PATH, STATUS_PATH),
        "query": {"reference": "{reference}"},
        "id": "/id",
        "status": "/state",
        "accepted": ["ENROUTE"],
        "delivered": ["DELIVRD"],
        "failed": ["UNDELIV", "EXPIRED", "REJECTD"],
    });
    let receipt = json!({
        "id": "/id",
        "status": "/state",
        "error": "/error",
        "delivered": ["DELIVRD"],
        "failed": ["UNDELIV", "EXPIRED", "REJECTD"],
    });
    let inbound = json!({"from": "/from", "text": "/text"});
    let described = "the description is a valid one";
    GenericSettings {
        account: Some(ACCOUNT.to_owned()),
        secret: SECRET.to_owned(),
        from: Some(FROM.to_owned()),
        request: serde_json::from_value(request).expect(described),
        answer: serde_json::from_value(answer).expect(described),
        query: Some(serde_json::from_value(query).expect(described)),
        receipt: Some(serde_json::from_value(receipt).expect(described)),
        inbound: Some(serde_json::from_value(inbound).expect(described)),
        receipt_key: Some(RECEIPT_KEY.to_owned()),
    }
}
