//! Messages from people as Infobip brings them (infobip.com/docs/api/channels/sms, «Receive inbound SMS messages»): to one
//! address for the account, which nothing but a key in it protects.

use serde_json::Value;

use crate::provider::sms::dialect::{CallbackError, InboundMessage};
use crate::provider::sms::fields;

/// All messages that a request brings. Those of short codes and names are left out: nothing of ours went there.
pub(super) fn read(body: &[u8]) -> Result<Vec<InboundMessage>, CallbackError> {
    let body = fields::json(body);
    let results = body.get("results").and_then(Value::as_array).ok_or(CallbackError::Unreadable)?;
    let text = |result: &Value, name: &str| result.get(name).and_then(Value::as_str).map(str::to_owned);
    let read: Option<Vec<_>> =
        results.iter().map(|result| Some((text(result, "from")?, text(result, "text")?))).collect();
    let read = read.filter(|read| !read.is_empty()).ok_or(CallbackError::Unreadable)?;
    Ok(read.iter().filter_map(|(from, text)| InboundMessage::from_number(from, text)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_message_of_a_request_is_read() {
        let result = |from: &str, text: &str| {
            json!({
                "messageId": "817790313235066447", "from": from, "to": "890123", "text": text, "cleanText": text,
                "receivedAt": "2026-12-01T02:00:00.000+0000", "smsCount": 1,
            })
        };
        let body = json!({"results": [result("573001234567", "BAJA"), result("890123", "NO"), result("+573001234568", "Hola")],
                          "messageCount": 3, "pendingMessageCount": 0});
        let read = read(body.to_string().as_bytes()).expect("messages");
        let read: Vec<_> = read.iter().map(|one| (one.from.as_str(), one.body.as_str())).collect();
        assert_eq!(read, [("+573001234567", "BAJA"), ("+573001234568", "Hola")]);
    }

    #[test]
    fn what_brings_no_message_cannot_be_read() {
        for body in ["", "{}", r#"{"results":[]}"#, r#"{"results":[{"from":"573001234567","status":{}}]}"#] {
            assert_eq!(read(body.as_bytes()), Err(CallbackError::Unreadable), "{body}");
        }
    }
}
