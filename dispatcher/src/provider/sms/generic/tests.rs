//! A described API: its checks, its requests, every kind of answer, and reports.

use std::time::Duration;

use chrono::DateTime;
use domain::deliveries::doubts::SendWindow;
use domain::deliveries::{Cause, Evidence, FailureClass, Observation, Phase, Receipt};
use domain::value::Channel;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::provider::schedule::RetryAdvice;
use crate::provider::sms::dialect::SentDelivery;

/// Settings with one part changed.
struct Described {
    account: Option<&'static str>,
    from: Option<&'static str>,
    request: Value,
    answer: Value,
    query: Option<Value>,
    receipt: Option<Value>,
    inbound: Option<Value>,
    receipt_key: Option<&'static str>,
}

fn described() -> Described {
    Described {
        account: Some("cuenta"),
        from: Some("890123"),
        request: json!({
            "url": "https://api.example.com/sms?v=1",
            "headers": {"X-Key": "{secret}"},
            "json": {"to": "{to}", "text": "{text}", "from": "{from}", "dlr": "{callback_url}"},
        }),
        answer: json!({
            "id": "/id",
            "error": "/error",
            "text": "/why",
            "success": [0, "OK"],
            "classes": {
                "permanent_address": [101],
                "throttled": ["slow", "503"],
                "policy_reputation": ["418"],
                "opted_out": ["stop"],
            },
        }),
        query: None,
        receipt: Some(json!({
            "id": "/id",
            "status": "/state",
            "error": "/error",
            "text": "/why",
            "to": "/to",
            "reference": "/ref",
            "delivered": ["DELIVRD"],
            "failed": ["UNDELIV", 101],
        })),
        inbound: None,
        receipt_key: None,
    }
}

fn wrong(key: &'static str, reason: &'static str) -> SettingsError {
    SettingsError { channel: Channel::Sms, name: "prueba".into(), key, reason }
}

impl Described {
    fn settings(&self) -> GenericSettings {
        GenericSettings {
            account: self.account.map(str::to_owned),
            secret: "hunter2".into(),
            from: self.from.map(str::to_owned),
            request: serde_json::from_value(self.request.clone()).expect("a request"),
            answer: serde_json::from_value(self.answer.clone()).expect("an answer"),
            query: self.query.clone().map(|query| serde_json::from_value(query).expect("a query")),
            receipt: self.receipt.clone().map(|receipt| serde_json::from_value(receipt).expect("a receipt")),
            inbound: self.inbound.clone().map(|inbound| serde_json::from_value(inbound).expect("places")),
            receipt_key: self.receipt_key.map(str::to_owned),
        }
    }

    fn dialect_at(&self, callback: Option<&str>) -> Generic {
        let callback = callback.map(|url| Url::parse(url).expect("a URL"));
        Generic::try_new(&self.settings(), callback, &wrong).expect("good settings")
    }

    fn dialect(&self) -> Generic {
        self.dialect_at(Some("https://h.test/hooks/prueba"))
    }

    fn refused_key(&self) -> &'static str {
        Generic::try_new(&self.settings(), None, &wrong).expect_err("it is refused").key
    }

    fn with_request(request: Value) -> Self {
        Self { request, ..described() }
    }
}

fn outgoing() -> Outgoing {
    Outgoing {
        delivery_id: Uuid::from_u128(7).into(),
        generation: 2,
        attempt: 1,
        to: "+573001234567".into(),
        to_name: None,
        subject: None,
        body: "\"Señal\" & más {secret}\n".into(),
        html: None,
        is_personal: false,
        requested_at: DateTime::UNIX_EPOCH,
        returns: Default::default(),
    }
}

fn body_of(request: &Request) -> &str {
    let bytes = request.body().and_then(|body| body.as_bytes()).unwrap_or_default();
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn a_request_in_json_has_the_values_in_their_places() {
    let request = described().dialect().request(&outgoing()).expect("a request");
    assert_eq!(
        (request.method().as_str(), request.url().as_str()),
        ("POST", "https://api.example.com/sms?v=1")
    );
    assert_eq!(request.headers()["x-key"], "hunter2");
    assert_eq!(request.headers()["content-type"], "application/json");
    let body: Value = serde_json::from_str(body_of(&request)).expect("JSON");
    assert_eq!(body["to"], "+573001234567");
    assert_eq!(body["text"], "\"Señal\" & más {secret}\n");
    let callback = body["dlr"].as_str().expect("an address");
    assert!(callback.starts_with("https://h.test/hooks/prueba?delivery="), "{callback}");
}

#[test]
fn a_request_may_be_a_form_or_a_query() {
    let form = json!({"url": "http://h.test/", "form": {"msisdn": "{to_digits}", "msg": "{text}", "u": "{account}"}});
    let receiptless = |request| Described { receipt: None, ..Described::with_request(request) };
    let request = receiptless(form).dialect().request(&outgoing()).expect("a request");
    assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(
        body_of(&request),
        "msg=%22Se%C3%B1al%22+%26+m%C3%A1s+%7Bsecret%7D%0A&msisdn=573001234567&u=cuenta"
    );
    let path =
        json!({"url": "http://h.test/{account}/{to_digits}?t={text}&ref={reference}", "method": "PUT"});
    let request = receiptless(path).dialect().request(&outgoing()).expect("a request");
    assert_eq!(request.url().path(), "/cuenta/573001234567");
    let pairs: Vec<_> = request.url().query_pairs().into_owned().collect();
    let reference = outgoing().sent().name();
    assert_eq!(pairs, [("t".to_owned(), outgoing().body), ("ref".to_owned(), reference)]);

    let query = json!({"url": "http://h.test/send", "method": "GET", "query": {"to": "{to_digits}", "t": "{text}"},
        "headers": {"Authorization": "Basic {basic}"}});
    let request = receiptless(query).dialect().request(&outgoing()).expect("a request");
    assert_eq!(
        request.url().as_str(),
        "http://h.test/send?t=%22Se%C3%B1al%22+%26+m%C3%A1s+%7Bsecret%7D%0A&to=573001234567"
    );
    assert_eq!(request.headers()["authorization"], "Basic Y3VlbnRhOmh1bnRlcjI=");
    assert_eq!((request.method().as_str(), request.body().is_none()), ("GET", true));
}

#[test]
fn without_a_callback_address_nothing_asks_for_reports() {
    let request = described().dialect_at(None).request(&outgoing()).expect("a request");
    let body: Value = serde_json::from_str(body_of(&request)).expect("JSON");
    assert_eq!(body.get("dlr"), None);
}

#[test]
fn a_request_that_cannot_be_made_is_refused_with_its_key() {
    let good = described().request;
    let with = |path: &str, value: Value| {
        let mut request = good.clone();
        request[path] = value;
        Described::with_request(request).refused_key()
    };
    assert_eq!(with("url", json!("ftp://h.test")), "request.url");
    assert_eq!(with("url", json!("https://{to_digits}.h.test/")), "request.url");
    assert_eq!(with("json", json!({"text": "{text}"})), "request");
    assert_eq!(with("json", json!({"to": "{to}"})), "request");
    assert_eq!(with("form", json!({"to": "{to}"})), "request.form");
    assert_eq!(with("method", json!("GET")), "request.method");
    assert_eq!(with("headers", json!({"no header": "x"})), "request.headers");
    assert_eq!(with("headers", json!({"X-Text": "{text}"})), "request.headers");
    assert_eq!(with("headers", json!({"X": "a\nb"})), "request.headers");
    assert_eq!(Described { from: None, ..described() }.refused_key(), "from");
    let basic = Described::with_request({
        let mut request = good.clone();
        request["headers"] = json!({"Authorization": "Basic {basic}"});
        request
    });
    assert_eq!(Described { account: None, ..basic }.refused_key(), "account");
    let silent = GenericSettings { secret: String::new(), ..described().settings() };
    assert_eq!(Generic::try_new(&silent, None, &wrong).expect_err("it is refused").key, "secret");
}

#[test]
fn codes_with_two_meanings_are_refused() {
    let mut twice = described();
    twice.answer["classes"]["transient"] = json!(["101"]);
    assert_eq!(twice.refused_key(), "answer.classes");
    let mut success = described();
    success.answer["success"] = json!([101]);
    assert_eq!(success.refused_key(), "answer.success");
    let mut states = described();
    states.receipt.as_mut().expect("a receipt")["delivered"] = json!(["101"]);
    assert_eq!(states.refused_key(), "receipt.failed");
}

/// One whose messages can be asked for.
fn asked() -> Described {
    let query = json!({
        "url": "https://api.example.com/status?v=1",
        "query": {"ref": "{reference}"},
        "id": "/id",
        "status": "/state",
        "error": "/error",
        "accepted": ["ENROUTE"],
        "delivered": ["DELIVRD"],
        "failed": ["UNDELIV"],
    });
    let request = json!({
        "url": "https://api.example.com/sms", "headers": {"X-Key": "{secret}"},
        "json": {"to": "{to}", "text": "{text}", "ref": "{reference}", "dlr": "{callback_url}"},
    });
    Described { query: Some(query), ..Described::with_request(request) }
}

fn in_question() -> Doubted {
    let at = chrono::DateTime::UNIX_EPOCH;
    Doubted { outgoing: outgoing(), window: SendWindow { after: at, before: at } }
}

#[test]
fn a_message_is_asked_for_by_our_name_with_the_headers_of_a_send() {
    let request = asked().dialect().query(&in_question()).expect("a question");
    assert_eq!(request.method(), "GET");
    let expected = format!("v=1&ref={}.2.1", outgoing().delivery_id);
    assert_eq!(request.url().query(), Some(expected.as_str()));
    assert_eq!(request.headers()["x-key"], "hunter2");
    assert!(described().dialect().query(&in_question()).is_none());
}

#[test]
fn the_state_in_an_answer_tells_what_became_of_a_message() {
    let dialect = asked().dialect();
    let told = |status: u16, body: &Value| {
        let text = body.to_string();
        let status = StatusCode::from_u16(status).expect("a status");
        let answer = Answer { status, advice: RetryAdvice::Schedule, body: Ok(text.as_bytes()) };
        dialect.read_found(&in_question(), &answer)
    };
    let receipt = |state: &str| match told(200, &json!({"id": "A1", "state": state})) {
        Some(Found::ByName(Some(message))) => message.receipt,
        other => panic!("{other:?}"),
    };
    assert_eq!((receipt("ENROUTE"), receipt("DELIVRD")), (None, Some(Receipt::Delivered)));
    assert!(matches!(receipt("UNDELIV"), Some(Receipt::Bounced(_))));
    for (status, body) in [(404, json!(null)), (200, json!({"id": null}))] {
        assert_eq!(told(status, &body), Some(Found::ByName(None)), "{status}");
    }
    for (status, body) in [(200, json!({"id": "A1", "state": "NEW"})), (200, json!("?")), (500, json!({}))] {
        assert_eq!(told(status, &body), None, "{status} {body}");
    }
}

#[test]
fn a_question_that_asks_for_nothing_or_mixes_states_is_refused() {
    let changed = |key: &str, value: Value| {
        let mut query = asked().query.expect("a query");
        query[key] = value;
        Described { query: Some(query), ..asked() }.refused_key()
    };
    assert_eq!(changed("query", json!({})), "query.query");
    assert_eq!(changed("url", json!("ftp://h.test/")), "query.url");
    assert_eq!(changed("accepted", json!(["UNDELIV"])), "query.failed");
    let unnamed = Described { query: asked().query, ..described() };
    assert_eq!(unnamed.refused_key(), "query.query");
}

#[test]
fn reports_that_anybody_could_send_are_refused() {
    let request = json!({"url": "https://h.test/", "json": {"to": "{to}", "text": "{text}"}});
    assert_eq!(Described::with_request(request.clone()).refused_key(), "receipt");
    let keyed = |receipt_key| Described {
        receipt_key: Some(receipt_key),
        ..Described::with_request(request.clone())
    };
    assert_eq!(keyed("short").refused_key(), "receipt_key");
    assert!(Generic::try_new(&keyed("0123456789abcdef").settings(), None, &wrong).is_ok());
}

#[test]
fn a_described_api_prints_no_secret() {
    let printed = format!("{:?} {:?}", described().settings(), described().dialect());
    assert!(!printed.contains("hunter2"), "{printed}");
    let request = described().dialect().request(&outgoing()).expect("a request");
    assert!(!format!("{:?}", request.headers()).contains("hunter2"));
}

fn of(status: u16, advice: RetryAdvice, body: Result<&[u8], Observation>) -> Result<Accepted, SendFailure> {
    let status = StatusCode::from_u16(status).expect("a status");
    described().dialect().read_answer(&Answer { status, advice, body })
}

fn answer(status: u16, body: &str) -> Result<Accepted, SendFailure> {
    of(status, RetryAdvice::Schedule, Ok(body.as_bytes()))
}

fn refused(answer: Result<Accepted, SendFailure>) -> Failure {
    match answer {
        Err(SendFailure::Unsent(failure)) => failure,
        other => panic!("no refusal: {other:?}"),
    }
}

fn doubted(answer: Result<Accepted, SendFailure>) -> String {
    match answer {
        Err(SendFailure::InDoubt(doubt)) => doubt.code().to_owned(),
        other => panic!("not in doubt: {other:?}"),
    }
}

#[test]
fn an_id_without_an_error_is_an_acceptance() {
    let accepted = |id: &str| Ok(Accepted { reference: id.into() });
    for body in [
        r#"{"id":"A1"}"#,
        r#"{"id":" A1 ","error":0}"#,
        r#"{"id":"A1","error":"OK"}"#,
        r#"{"id":"A1","error":null}"#,
    ] {
        assert_eq!(answer(200, body), accepted("A1"), "{body}");
        assert_eq!(answer(500, body), accepted("A1"), "{body}");
    }
    assert_eq!(answer(200, r#"{"id":77,"error":""}"#), accepted("77"));
}

#[test]
fn a_code_has_its_class_whatever_the_status() {
    use FailureClass::*;
    for (status, code, class) in [
        (200, "101", PermanentAddress),
        (400, "101", PermanentAddress),
        (200, "\"slow\"", Throttled),
        (400, "7", Unknown),
    ] {
        let failure = refused(answer(status, &format!(r#"{{"error":{code},"why":"no: +573001234567"}}"#)));
        assert_eq!((failure.class(), failure.code()), (class, code.trim_matches('"')), "{status} {code}");
        assert_eq!((failure.text.as_str(), failure.advice), ("no: …", RetryAdvice::Schedule));
    }
    assert_eq!(answer(200, r#"{"error":"stop"}"#), Err(SendFailure::OptedOut));
}

#[test]
fn without_a_code_the_status_has_its_class_or_the_one_that_it_is_given() {
    use FailureClass::*;
    for (status, class) in [(401, ConfigAuth), (404, ConfigAuth), (429, Throttled), (400, Unknown)] {
        for body in ["", "<html>", "{}", r#"{"error":{}}"#, r#"{"error":0}"#] {
            let failure = refused(answer(status, body));
            assert_eq!((failure.class(), failure.code()), (class, status.to_string().as_str()), "{body}");
        }
    }
    let teapot = refused(answer(418, r#"{"error":"new"}"#));
    assert_eq!((teapot.class(), teapot.code()), (PolicyReputation, "new"));
    assert_eq!(doubted(answer(503, "")), "503", "a server error proves nothing, whatever its class");
}

#[test]
fn a_message_that_has_an_id_and_an_error_is_never_tried_again() {
    let failure = refused(answer(200, r#"{"id":"A1","error":"slow"}"#));
    assert_eq!((failure.class(), failure.advice), (FailureClass::Throttled, RetryAdvice::Never));
    let failure = refused(answer(400, r#"{"id":"A1"}"#));
    assert_eq!(failure.advice, RetryAdvice::Never);
    let failure = refused(answer(500, r#"{"id":"A1","error":"new"}"#));
    assert_eq!((failure.class(), failure.advice), (FailureClass::Unknown, RetryAdvice::Never));
}

#[test]
fn an_answer_that_says_neither_is_in_doubt_and_tells_the_code_to_name() {
    let bodies: [&[u8]; 7] =
        [b"", b"<html>", b"\xff\xfe", b"{}", b"[]", br#"{"id":{},"error":[]}"#, br#"{"id":"","error":0}"#];
    for (status, body) in
        [200, 303, 408, 409, 500].into_iter().flat_map(|status| bodies.map(|body| (status, body)))
    {
        doubted(of(status, RetryAdvice::Schedule, Ok(body)));
    }
    assert_eq!(doubted(answer(200, r#"{"error":"new"}"#)), "new");
    assert_eq!(doubted(answer(500, r#"{"error":101}"#)), "101");
    assert_eq!(doubted(answer(200, r#"{"error":573001234567}"#)), "200", "may be a person's number");
    let deep = format!(r#"{{"id":"A1","more":{}"#, "[".repeat(60_000));
    doubted(answer(200, &deep));
    doubted(of(200, RetryAdvice::Schedule, Err(Observation::AnswerTooLong)));
}

#[test]
fn a_star_names_every_other_code() {
    let mut settings = described();
    settings.answer["classes"]["unknown"] = json!(["*"]);
    let read = |body: &str| {
        let advice = RetryAdvice::Schedule;
        settings.dialect().read_answer(&Answer { status: StatusCode::OK, advice, body: Ok(body.as_bytes()) })
    };
    let failure = refused(read(r#"{"error":"new"}"#));
    assert_eq!((failure.class(), failure.code()), (FailureClass::Unknown, "new"));
    assert_eq!(refused(read(r#"{"error":101}"#)).class(), FailureClass::PermanentAddress);
    doubted(read("{}"));
}

#[test]
fn a_refusal_carries_retry_after() {
    let advice = RetryAdvice::After(Duration::from_secs(7));
    assert_eq!(refused(of(200, advice, Ok(br#"{"error":"slow"}"#))).advice, advice);
}

fn told(dialect: &Generic, query: &str, body: &str) -> Result<Option<StatusReport>, CallbackError> {
    dialect.read_callback(&StatusCallback { query, headers: &HeaderMap::new(), body: body.as_bytes() })
}

/// The query of the address that a request gives away.
fn our_query(dialect: &Generic) -> String {
    let url = dialect.callback.of(&outgoing()).expect("an address");
    Url::parse(&url).expect("a URL").query().expect("a query").to_owned()
}

#[test]
fn a_report_is_believed_at_an_address_that_we_gave_away() {
    let dialect = described().dialect();
    let body = r#"{"id":"A1","state":"DELIVRD","ref":"00000000-0000-0000-0000-000000000009.1.1"}"#;
    let report = told(&dialect, &our_query(&dialect), body).expect("a report").expect("an end");
    assert_eq!((report.reference.as_str(), report.receipt), ("A1", Receipt::Delivered));
    let ours = SentDelivery { delivery: Uuid::from_u128(7).into(), generation: 2, attempt: 1 };
    assert_eq!(report.sent, Some(ours), "that of the address, not that of the body");
    for query in
        ["", "key=hunter2", "delivery=00000000-0000-0000-0000-000000000007&generation=2&attempt=1&mac=00"]
    {
        assert_eq!(told(&dialect, query, body), Err(CallbackError::NotSigned), "{query}");
    }
}

#[test]
fn a_report_with_the_configured_key_is_about_the_message_that_it_repeats() {
    let dialect = Described { receipt_key: Some("0123456789abcdef"), ..described() }.dialect();
    let sent = SentDelivery { delivery: Uuid::from_u128(9).into(), generation: 3, attempt: 4 };
    let body = format!(r#"{{"id":"A1","state":"DELIVRD","ref":"{}"}}"#, sent.name());
    let report = told(&dialect, "key=0123456789abcdef", &body).expect("a report").expect("an end");
    assert_eq!(report.sent, Some(sent));
    let id = Uuid::from_u128(9);
    for other in ["7", "\"7.1.1\"", &format!("\"{id}\""), &format!("\"{id}.3\""), "null"] {
        let report = told(
            &dialect,
            "key=0123456789abcdef",
            &format!(r#"{{"id":"A1","state":"DELIVRD","ref":{other}}}"#),
        );
        assert_eq!(
            report.expect("a report").expect("an end").sent,
            None,
            "found by the provider's id: {other}"
        );
    }
    assert_eq!(told(&dialect, "key=0123456789abcdeg", &body), Err(CallbackError::NotSigned));
}

#[test]
fn a_report_without_an_id_is_about_the_message_that_its_address_or_its_reference_names() {
    let dialect = Described { receipt_key: Some("0123456789abcdef"), ..described() }.dialect();
    let report = told(&dialect, &our_query(&dialect), r#"{"state":"DELIVRD"}"#).expect("a report");
    let report = report.expect("an end");
    assert_eq!((report.sent, report.reference.as_str()), (Some(outgoing().sent()), ""));
    let named = format!(r#"{{"state":"DELIVRD","ref":"{}"}}"#, outgoing().sent().name());
    let report = told(&dialect, "key=0123456789abcdef", &named).expect("a report").expect("an end");
    assert_eq!(report.sent, Some(outgoing().sent()));
    let of_nothing = told(&dialect, "key=0123456789abcdef", r#"{"state":"DELIVRD"}"#);
    assert_eq!(of_nothing, Err(CallbackError::Unreadable));
}

#[test]
fn a_failed_message_has_the_class_of_its_error_else_of_its_state() {
    use FailureClass::*;
    let dialect = described().dialect();
    let query = our_query(&dialect);
    let table = [
        (r#""state":"UNDELIV","error":101"#, PermanentAddress, "101", None),
        (r#""state":"UNDELIV","error":"stop""#, PermanentAddress, "stop", Some(Observation::OptedOut)),
        (r#""state":101"#, PermanentAddress, "101", None),
        (r#""state":"UNDELIV","error":"new""#, Unknown, "new", None),
        (r#""state":"UNDELIV","error":573001234567"#, Unknown, "UNDELIV", None),
    ];
    for (fields, class, code, observed) in table {
        let report = told(&dialect, &query, &format!(r#"{{"id":"A1",{fields}}}"#));
        let evidence = Evidence { observed, ..Evidence::answered(Phase::Report, code) };
        let cause = Cause { class, evidence };
        assert_eq!(report.expect("a report").expect("an end").receipt, Receipt::Bounced(cause), "{fields}");
    }
    for state in ["ACCEPTD", "ENROUTE", "new"] {
        assert_eq!(
            told(&dialect, &query, &format!(r#"{{"id":"A1","state":"{state}"}}"#)),
            Ok(None),
            "{state}"
        );
    }
}

#[test]
fn a_report_without_a_message_or_a_state_cannot_be_read() {
    let dialect = described().dialect();
    for body in ["", "<html>", "[]", "{}", r#"{"id":"A1"}"#, r#"{"id":{},"state":[]}"#] {
        assert_eq!(told(&dialect, &our_query(&dialect), body), Err(CallbackError::Unreadable), "{body}");
    }
}

#[test]
fn a_report_may_be_a_form_or_a_query() {
    for (format, query, body) in [("form", "", "id=A1&state=DELIVRD"), ("query", "&id=A1&state=DELIVRD", "")]
    {
        let mut settings = described();
        settings.receipt.as_mut().expect("a receipt")["format"] = json!(format);
        let dialect = settings.dialect();
        let report = told(&dialect, &format!("{}{query}", our_query(&dialect)), body);
        assert_eq!(report.expect("a report").expect("an end").reference, "A1", "{format}");
    }
}

#[test]
fn a_report_repeats_no_number() {
    let dialect = described().dialect();
    let body = r#"{"id":"A573001234567","to":"573001234567","state":"UNDELIV","why":"no route to +57 300 123 4567"}"#;
    let report = told(&dialect, &our_query(&dialect), body).expect("a report").expect("an end");
    assert_eq!(report.reference, "…");
    assert!(!report.text.contains("4567"), "{}", report.text);
}

#[test]
fn a_message_from_a_person_comes_with_the_configured_key_and_is_no_report() {
    let inbound = Some(json!({"from": "/from", "text": "/why"}));
    assert_eq!(Described { inbound: inbound.clone(), ..described() }.refused_key(), "inbound");
    let dialect = Described { inbound, receipt_key: Some("0123456789abcdef"), ..described() }.dialect();
    let said = |query: &str, body: &str| {
        let callback = StatusCallback { query, headers: &HeaderMap::new(), body: body.as_bytes() };
        let read = dialect.read_inbound(&callback).expect("something");
        read.map(|all| all.into_iter().map(|one| (one.from, one.body)).collect::<Vec<_>>())
    };
    let (key, body) = ("key=0123456789abcdef", r#"{"from": 573001234567, "why": " Baja. "}"#);
    assert_eq!(said(key, body), Some(vec![("+573001234567".to_owned(), "Baja.".to_owned())]));
    assert_eq!(said(key, r#"{"from": "890123", "why": "BAJA"}"#), Some(vec![]));
    for (query, body) in [
        ("", body),
        ("key=0123456789abcdeg", body),
        (key, r#"{"from": "573001234567"}"#),
        (key, r#"{"id": "A1", "state": "UNDELIV", "from": "573001234567", "why": "no"}"#),
    ] {
        assert_eq!(said(query, body), None, "{query} {body}");
    }
}
