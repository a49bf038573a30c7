//! Twilio's status callbacks (twilio.com/docs/messaging/guides/track-outbound-message-status), believed only when they are
//! signed (twilio.com/docs/usage/security).

use std::collections::BTreeSet;

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use domain::deliveries::{Cause, Evidence, FailureClass, Phase, Receipt};
use url::{Position, Url, form_urlencoded};

use super::answer::code;
use super::codes::{OPTED_OUT, class_of, meaning_of};
use crate::provider::redaction::{provider_text, without_recipient};
use crate::provider::settings::Secret;
use crate::provider::sms::callback_address;
use crate::provider::sms::dialect::{CallbackError, InboundMessage, StatusCallback, StatusReport};
use crate::provider::sms::fields::bounded;

const SIGNATURE: &str = "x-twilio-signature";

/// `address` is the configured callback address, without the delivery in its query.
pub(super) fn read(
    callback: &StatusCallback<'_>,
    address: &Url,
    secret: &Secret,
) -> Result<Option<StatusReport>, CallbackError> {
    let form = Form::read(callback.body);
    if !is_signed(callback, address, secret, &form) {
        return Err(CallbackError::NotSigned);
    }
    let sid = form.get("MessageSid").ok_or(CallbackError::Unreadable)?;
    let status = form.get("MessageStatus").ok_or(CallbackError::Unreadable)?;
    let Some(receipt) = receipt(status, form.get("ErrorCode")) else { return Ok(None) };
    let to = form.get("To").unwrap_or_default();
    let text = provider_text(form.get("ErrorMessage").unwrap_or_default());
    Ok(Some(StatusReport {
        reference: without_recipient(&bounded(sid), to),
        sent: callback_address::sent(callback.query),
        receipt,
        text: without_recipient(&text, to),
    }))
}

/// A message from a person (twilio.com/docs/messaging/guides/webhook-request). It has no state of ours.
pub(super) fn inbound(
    callback: &StatusCallback<'_>,
    address: &Url,
    secret: &Secret,
) -> Result<Option<InboundMessage>, CallbackError> {
    let form = Form::read(callback.body);
    let (Some("received"), Some(from)) = (form.get("SmsStatus"), form.get("From")) else { return Ok(None) };
    if !is_signed(callback, address, secret, &form) {
        return Err(CallbackError::NotSigned);
    }
    let body = form.get("Body").unwrap_or_default();
    Ok(Some(InboundMessage { from: from.to_owned(), body: body.to_owned() }))
}

/// The parameters of a form, as they came.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(its, _)| its == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }
}

/// The outcome by a status. None: the message is on its way, or the status is unknown.
pub(super) fn receipt(status: &str, error: Option<&str>) -> Option<Receipt> {
    match status {
        "delivered" | "read" => Some(Receipt::Delivered),
        "undelivered" | "failed" | "canceled" => Some(Receipt::Bounced(cause(status, error))),
        _ => None,
    }
}

fn cause(status: &str, error: Option<&str>) -> Cause {
    let code = error.and_then(code);
    let class = match code {
        // A report cannot suppress a delivery any more: no message will reach this number.
        Some(OPTED_OUT) => FailureClass::PermanentAddress,
        code => code.and_then(class_of).unwrap_or(FailureClass::Unknown),
    };
    let said = code.map_or_else(|| status.to_owned(), |code| code.to_string());
    let observed = code.and_then(meaning_of);
    let evidence = Evidence { observed, ..Evidence::answered(Phase::Report, said) };
    Cause { class, evidence }
}

/// The signature is the HMAC-SHA1, under the account's token, of the full URL and then of each parameter's name and value,
/// the names in order. Twilio signs an address with or without its port, so that both are right. The address is our own,
/// not that of the request: a proxy may have changed it.
fn is_signed(callback: &StatusCallback<'_>, address: &Url, secret: &Secret, form: &Form) -> bool {
    let header = callback.headers.get(SIGNATURE);
    let Some(signature) = header.and_then(|value| BASE64_STANDARD.decode(value).ok()) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.reveal().as_bytes());
    let parameters = parameters(form);
    addresses(address, callback.query)
        .iter()
        .any(|url| hmac::verify(&key, format!("{url}{parameters}").as_bytes(), &signature).is_ok())
}

/// A parameter that occurs twice with one value counts once.
fn parameters(form: &Form) -> String {
    let sorted: BTreeSet<_> = form.0.iter().collect();
    sorted.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect()
}

fn addresses(address: &Url, query: &str) -> [String; 2] {
    let host = &address[..Position::AfterHost];
    let path = &address[Position::BeforePath..Position::AfterPath];
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    let port = address.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
    [format!("{host}{path}{query}"), format!("{host}{port}{path}{query}")]
}

#[cfg(test)]
mod tests {
    use domain::deliveries::Observation;
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;

    /// Twilio's own example (github.com/twilio/twilio-python, tests/unit/test_request_validator.py).
    const EXAMPLE: &str = "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212\
                           &Caller=%2B14158675309";
    const EXAMPLE_SIGNATURE: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";

    fn address() -> Url {
        Url::parse("https://mycompany.com/myapp.php").expect("a URL")
    }

    fn secret() -> Secret {
        Secret::new("12345")
    }

    fn signed(signature: &str) -> HeaderMap {
        let value = HeaderValue::try_from(signature).expect("a header");
        HeaderMap::from_iter([(SIGNATURE.parse().expect("a name"), value)])
    }

    fn sign(url: &str, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret().reveal().as_bytes());
        let text = format!("{url}{}", parameters(&Form::read(body.as_bytes())));
        BASE64_STANDARD.encode(hmac::sign(&key, text.as_bytes()))
    }

    fn told(query: &str, body: &str) -> Result<Option<StatusReport>, CallbackError> {
        let headers = signed(&sign(&format!("https://mycompany.com/myapp.php?{query}"), body));
        read(&StatusCallback { query, headers: &headers, body: body.as_bytes() }, &address(), &secret())
    }

    fn receipt_of(body: &str) -> Option<Receipt> {
        told("a=b", body).expect("a report").map(|report| report.receipt)
    }

    #[test]
    fn a_signature_is_checked_as_in_twilios_own_example() {
        let is_signed = |query, signature, body: &str| {
            let headers = signed(signature);
            let callback = StatusCallback { query, headers: &headers, body: body.as_bytes() };
            super::is_signed(&callback, &address(), &secret(), &Form::read(body.as_bytes()))
        };
        assert!(is_signed("foo=1&bar=2", EXAMPLE_SIGNATURE, EXAMPLE));
        assert!(!is_signed("foo=1&bar=3", EXAMPLE_SIGNATURE, EXAMPLE), "another address");
        assert!(!is_signed("foo=1&bar=2", EXAMPLE_SIGNATURE, &format!("{EXAMPLE}&x=y")), "another form");
        assert!(!is_signed("foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B9=", EXAMPLE), "another signature");
        assert!(!is_signed("foo=1&bar=2", "no base64", EXAMPLE));
    }

    #[test]
    fn a_callback_that_is_not_signed_is_not_believed() {
        let body = b"MessageSid=SM1&MessageStatus=delivered";
        let callback = StatusCallback { query: "", headers: &HeaderMap::new(), body };
        assert_eq!(read(&callback, &address(), &secret()), Err(CallbackError::NotSigned));
    }

    #[test]
    fn an_address_may_be_signed_with_its_port_or_without() {
        let signs = |address: &str, url: &str| {
            let headers = signed(&sign(url, "a=b"));
            let callback = StatusCallback { query: "x=y", headers: &headers, body: b"a=b" };
            let address = Url::parse(address).expect("a URL");
            super::is_signed(&callback, &address, &secret(), &Form::read(b"a=b"))
        };
        for url in ["https://h.test/p?x=y", "https://h.test:443/p?x=y"] {
            assert!(signs("https://h.test/p", url), "{url}");
        }
        for url in ["http://h.test/p?x=y", "http://h.test:8080/p?x=y"] {
            assert!(signs("http://h.test:8080/p", url), "{url}");
        }
        assert!(!signs("https://h.test/p", "https://h.test:8443/p?x=y"));
    }

    #[test]
    fn a_delivered_message_is_found_by_its_sid_and_by_our_delivery() {
        let delivery = "00000000-0000-0000-0000-000000000007";
        let report = told(
            &format!("delivery={delivery}&generation=2&attempt=3"),
            "MessageSid=SM1&MessageStatus=delivered&To=%2B573001234567&AccountSid=AC1",
        );
        let report = report.expect("a report").expect("an end");
        assert_eq!((report.reference.as_str(), report.receipt), ("SM1", Receipt::Delivered));
        let sent = report.sent.expect("our own id");
        assert_eq!((sent.delivery.to_string().as_str(), sent.generation, sent.attempt), (delivery, 2, 3));
        for query in [
            "delivery=7&generation=1&attempt=1",
            "generation=1",
            &format!("delivery={delivery}&generation=2"),
        ] {
            let report = told(query, "MessageSid=SM1&MessageStatus=delivered").expect("a report");
            assert_eq!(report.expect("an end").sent, None, "{query}");
        }
    }

    #[test]
    fn a_message_that_was_not_delivered_has_the_class_of_its_code() {
        let table = [
            ("undelivered", "30005", FailureClass::PermanentAddress, "30005", None),
            ("undelivered", "30003", FailureClass::Transient, "30003", Some(Observation::PhoneUnreachable)),
            ("failed", "30007", FailureClass::PolicyReputation, "30007", Some(Observation::CarrierBlocked)),
            ("undelivered", "21610", FailureClass::PermanentAddress, "21610", Some(Observation::OptedOut)),
            ("failed", "99999", FailureClass::Unknown, "99999", None),
            ("undelivered", "", FailureClass::Unknown, "undelivered", None),
            ("canceled", "573001234567", FailureClass::Unknown, "canceled", None),
        ];
        for (status, error, class, code, observed) in table {
            let body = format!("MessageSid=SM1&MessageStatus={status}&ErrorCode={error}");
            let evidence = Evidence { observed, ..Evidence::answered(Phase::Report, code) };
            assert_eq!(receipt_of(&body), Some(Receipt::Bounced(Cause { class, evidence })), "{body}");
        }
    }

    #[test]
    fn a_persons_answer_is_read_if_it_is_signed() {
        let body = "MessageSid=SM1&SmsStatus=received&From=%2B573001234567&To=%2B1500&Body=BAJA.";
        let said = |signature: &str, body: &str| {
            let headers = signed(signature);
            let callback = StatusCallback { query: "", headers: &headers, body: body.as_bytes() };
            inbound(&callback, &address(), &secret())
        };
        let signature = |body| sign("https://mycompany.com/myapp.php", body);
        let message = InboundMessage { from: "+573001234567".into(), body: "BAJA.".into() };
        assert_eq!(said(&signature(body), body), Ok(Some(message)));
        assert_eq!(said("AAAA", body), Err(CallbackError::NotSigned));
        let report = "MessageSid=SM1&SmsStatus=delivered&MessageStatus=delivered&From=%2B1500";
        assert_eq!(said(&signature(report), report), Ok(None));
    }

    #[test]
    fn a_message_on_its_way_has_no_receipt_yet() {
        for status in ["accepted", "scheduled", "queued", "sending", "sent", "new"] {
            assert_eq!(receipt_of(&format!("MessageSid=SM1&MessageStatus={status}")), None, "{status}");
        }
    }

    #[test]
    fn a_callback_without_a_message_or_a_state_cannot_be_read() {
        for body in ["", "MessageSid=SM1", "MessageStatus=delivered", "MessageSid=&MessageStatus=delivered"] {
            assert_eq!(told("a=b", body), Err(CallbackError::Unreadable), "{body}");
        }
    }

    #[test]
    fn a_report_repeats_no_number() {
        let body = "MessageSid=SM573001234567&MessageStatus=failed&To=%2B573001234567\
                    &ErrorMessage=no+route+to+%2B573001234567";
        let report = told("a=b", body).expect("a report").expect("an end");
        assert_eq!((report.reference.as_str(), report.text.as_str()), ("…", "no route to …"));
        assert_eq!(report.sent, None);
    }
}
