//! Infobip's delivery reports (infobip.com/docs/api/channels/sms, «Receive outbound SMS message reports»). They are not
//! signed: the address that they come to is what is believed.

use domain::deliveries::{Cause, Evidence, FailureClass, Phase, Receipt};
use serde_json::Value;

use super::codes::{State, class_of, is_opt_out, meaning_of, name, state};
use crate::provider::redaction::{provider_text, without_recipient};
use crate::provider::sms::dialect::{CallbackError, SentDelivery, StatusReport};
use crate::provider::sms::fields::{self, bounded, word};

/// Reads the report of a message. Infobip gathers the reports for one address in one request, and each message has an
/// address of its own: several reports are about its parts or its progress only if they all have its id, and then the
/// last one stands.
pub(super) fn read(body: &[u8], sent: SentDelivery) -> Result<Option<StatusReport>, CallbackError> {
    let body = fields::json(body);
    let results = body.get("results").and_then(Value::as_array).ok_or(CallbackError::Unreadable)?;
    let last = results.last().ok_or(CallbackError::Unreadable)?;
    let id = id(last).ok_or(CallbackError::Unreadable)?;
    if results.iter().any(|result| self::id(result).as_ref() != Some(&id)) {
        return Err(CallbackError::Unreadable);
    }
    let Some(receipt) = receipt(last).ok_or(CallbackError::Unreadable)? else { return Ok(None) };
    let to = last.get("to").and_then(word).unwrap_or_default();
    let kept = |text: &str| without_recipient(text, &to);
    let text = provider_text(&text(last));
    Ok(Some(StatusReport { reference: kept(&bounded(&id)), sent: Some(sent), receipt, text: kept(&text) }))
}

/// What became of a message; none while it is on its way. None: the report has no state.
pub(super) fn receipt(result: &Value) -> Option<Option<Receipt>> {
    let status = result.get("status")?;
    Some(match state(status)? {
        State::Pending => None,
        State::Delivered => Some(Receipt::Delivered),
        State::GivenUp | State::Rejected => Some(Receipt::Bounced(cause(status, result.get("error")))),
    })
}

pub(super) fn id(result: &Value) -> Option<String> {
    result.get("messageId").and_then(word)
}

/// The error says why the operator gave it up, the status that it did.
pub(super) fn text(result: &Value) -> String {
    let of = |object: &str| result.get(object).and_then(|object| object.get("description")).and_then(word);
    let error = of("error").filter(|_| error_name(result.get("error")).is_some());
    error.or_else(|| of("status")).unwrap_or_default()
}

fn error_name(error: Option<&Value>) -> Option<String> {
    error.and_then(name).filter(|name| name != "NO_ERROR")
}

fn cause(status: &Value, error: Option<&Value>) -> Cause {
    let names = [error_name(error), name(status)];
    let known = |name: &&String| is_opt_out(name) || class_of(name).is_some();
    let said = names.iter().flatten().find(known).or_else(|| names.iter().flatten().next());
    let class = match said {
        // A report cannot suppress a delivery any more: no message will reach this number.
        Some(name) if is_opt_out(name) => FailureClass::PermanentAddress,
        said => said.and_then(|name| class_of(name)).unwrap_or(FailureClass::Unknown),
    };
    let code = said.map_or("UNDELIVERABLE", String::as_str);
    let observed = meaning_of(code);
    Cause { class, evidence: Evidence { observed, ..Evidence::answered(Phase::Report, code) } }
}

#[cfg(test)]
mod tests {
    use domain::deliveries::Observation;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn result(group: u32, status: &str, error: &str) -> Value {
        json!({
            "messageId": "id-1",
            "to": "573001234567",
            "status": {"groupId": group, "name": status, "description": "of the status"},
            "error": {"groupId": 1, "name": error, "description": "no route to +57 300 123 4567", "permanent": false},
        })
    }

    fn sent() -> SentDelivery {
        SentDelivery { delivery: Uuid::from_u128(7).into(), generation: 2, attempt: 1 }
    }

    fn told(results: &[Value]) -> Result<Option<StatusReport>, CallbackError> {
        read(json!({"results": results}).to_string().as_bytes(), sent())
    }

    fn receipt_of(result: Value) -> Option<Receipt> {
        told(&[result]).expect("a report").map(|report| report.receipt)
    }

    #[test]
    fn a_delivered_message_is_found_by_its_id_and_by_our_delivery() {
        let report =
            told(&[result(3, "DELIVERED_TO_HANDSET", "NO_ERROR")]).expect("a report").expect("an end");
        assert_eq!((report.reference.as_str(), report.receipt), ("id-1", Receipt::Delivered));
        assert_eq!(report.sent, Some(sent()));
        assert_eq!(report.text, "of the status");
    }

    #[test]
    fn a_message_that_was_not_delivered_has_the_class_of_its_error_else_of_its_status() {
        use FailureClass::*;
        let unreachable = Some(Observation::PhoneUnreachable);
        let table = [
            (
                2,
                "UNDELIVERABLE_NOT_DELIVERED",
                "EC_UNKNOWN_SUBSCRIBER",
                PermanentAddress,
                "EC_UNKNOWN_SUBSCRIBER",
                None,
            ),
            (4, "EXPIRED_EXPIRED", "EC_ABSENT_SUBSCRIBER", Transient, "EC_ABSENT_SUBSCRIBER", unreachable),
            (4, "EXPIRED_EXPIRED", "EC_NEW", Transient, "EXPIRED_EXPIRED", None),
            (5, "REJECTED_NETWORK", "NO_ERROR", PolicyReputation, "REJECTED_NETWORK", None),
            (5, "REJECTED_DND", "NO_ERROR", PermanentAddress, "REJECTED_DND", Some(Observation::OptedOut)),
            (2, "UNDELIVERABLE_NEW", "EC_NEW", Unknown, "EC_NEW", None),
            (2, "573001234567", "573001234567", Unknown, "UNDELIVERABLE", None),
        ];
        for (group, status, error, class, code, observed) in table {
            let evidence = Evidence { observed, ..Evidence::answered(Phase::Report, code) };
            let expected = Some(Receipt::Bounced(Cause { class, evidence }));
            assert_eq!(receipt_of(result(group, status, error)), expected, "{status} {error}");
        }
    }

    #[test]
    fn a_message_on_its_way_has_no_receipt_yet() {
        for (group, status) in
            [(1, "PENDING_ENROUTE"), (3, "DELIVERED_TO_OPERATOR"), (4, "EXPIRED_DLR_UNKNOWN")]
        {
            assert_eq!(receipt_of(result(group, status, "NO_ERROR")), None, "{status}");
        }
    }

    #[test]
    fn of_several_reports_about_one_message_the_last_one_stands() {
        let on_its_way = result(1, "PENDING_ENROUTE", "NO_ERROR");
        let delivered = result(3, "DELIVERED_TO_HANDSET", "NO_ERROR");
        let report = told(&[on_its_way, delivered.clone()]).expect("a report").expect("an end");
        assert_eq!(report.receipt, Receipt::Delivered);
        let mut other = delivered.clone();
        other["messageId"] = json!("id-2");
        assert_eq!(told(&[other, delivered]), Err(CallbackError::Unreadable), "of two messages");
    }

    #[test]
    fn a_report_without_a_message_or_a_state_cannot_be_read() {
        let bodies: [&[u8]; 7] = [
            b"",
            b"\xff",
            b"[]",
            br#"{"results":{}}"#,
            br#"{"results":[]}"#,
            br#"{"results":[{"status":{"groupId":3}}]}"#,
            br#"{"results":[{"messageId":"id-1","status":"DELIVERED"}]}"#,
        ];
        for body in bodies {
            assert_eq!(read(body, sent()), Err(CallbackError::Unreadable), "{body:?}");
        }
    }

    #[test]
    fn a_report_repeats_no_number() {
        let mut bounced = result(2, "UNDELIVERABLE_NOT_DELIVERED", "EC_NO_RESPONSE");
        bounced["messageId"] = json!("m573001234567");
        let report = told(&[bounced]).expect("a report").expect("an end");
        assert_eq!(report.reference, "…");
        assert!(!report.text.contains("4567"), "{}", report.text);
    }
}
