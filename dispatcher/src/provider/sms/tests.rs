//! The SMS client against real sockets: the simulator, and a server that says just what a test says.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::deliveries::{FailureClass, Observation};
use domain::value::Channel;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};
use uuid::Uuid;

use super::*;
use crate::{
    provider::{Doubt, Failure, RetryAdvice, test_identity::Identity},
    simulator::{Behaviour, Outcome, Simulator, SimulatorOptions},
};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time")
}

async fn simulator() -> Simulator {
    let options = SimulatorOptions { slow: Duration::ZERO, ..SimulatorOptions::new(Arc::new(now)) };
    Simulator::start(options).await.expect("a simulator")
}

fn sender_to(simulator: &Simulator) -> SmsSender {
    SmsProvider::try_new(&simulator.twilio_settings(4)).expect("good settings").sender()
}

fn sender_at(base_url: &str, deadlines: SmsDeadlines) -> SmsSender {
    let [twilio, _, _] = apis_at(base_url);
    sender_of(twilio, deadlines)
}

/// An account in each dialect.
fn apis_at(base_url: &str) -> [SmsApi; 3] {
    let twilio = TwilioSettings {
        base_url: base_url.into(),
        account: "AC1".into(),
        secret: "secret".into(),
        from: "+15005550006".into(),
    };
    let infobip = InfobipSettings {
        base_url: base_url.into(),
        secret: "secret".into(),
        from: "+15005550006".into(),
        receipt_key: None,
    };
    let generic = crate::simulator::generic_account(&format!("{base_url}/v1/sms"));
    [SmsApi::Twilio(twilio), SmsApi::Infobip(infobip), SmsApi::Generic(Box::new(generic))]
}

fn sender_of(api: SmsApi, deadlines: SmsDeadlines) -> SmsSender {
    let settings = SmsSettings {
        name: "prueba".into(),
        connections: 1,
        rate_per_second: 0,
        status_callback: None,
        unicode: true,
        prices: Prices::default(),
        api,
    };
    SmsProvider::with_deadlines(&settings, deadlines).expect("good settings").sender()
}

/// A simulated account in each dialect that Twilio's tests do not cover.
fn others(simulator: &Simulator) -> [SmsSender; 2] {
    [simulator.infobip_settings(4), simulator.generic_settings(4)]
        .map(|settings| SmsProvider::try_new(&settings).expect("good settings").sender())
}

fn sms(to: &str) -> Outgoing {
    Outgoing {
        delivery_id: Uuid::from_u128(7).into(),
        generation: 1,
        attempt: 1,
        to: to.into(),
        to_name: None,
        subject: None,
        body: "Señal perdida & recuperada: ¿todo bien?\n100 % + 1 🚨".into(),
        html: None,
        is_personal: false,
        requested_at: now(),
        returns: Default::default(),
    }
}

async fn start() -> Result<(), StartRefused> {
    Ok(())
}

async fn refuse() -> Result<(), StartRefused> {
    Err(StartRefused)
}

fn unsent(result: Result<Accepted, SendFailure>) -> Failure {
    match result {
        Err(SendFailure::Unsent(failure)) => failure,
        other => panic!("not provably unsent: {other:?}"),
    }
}

fn doubt(result: Result<Accepted, SendFailure>) -> Doubt {
    match result {
        Err(SendFailure::InDoubt(doubt)) => doubt,
        other => panic!("not in doubt: {other:?}"),
    }
}

fn accepted(simulator: &Simulator) -> u64 {
    simulator.counts(Channel::Sms).accepted
}

/// A server that reads one request, says this, and ends the connection.
async fn saying(words: &'static str) -> (String, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut request = Vec::new();
        while !request.ends_with(b"fin") {
            assert!(stream.read_buf(&mut request).await.expect("readable") > 0);
        }
        stream.write_all(words.as_bytes()).await.expect("writable");
        request
    });
    (url, task)
}

fn ending_in_fin() -> Outgoing {
    Outgoing { body: "fin".into(), ..sms("+573001234567") }
}

async fn answered(words: &'static str) -> Result<Accepted, SendFailure> {
    let (url, _server) = saying(words).await;
    sender_at(&url, SmsDeadlines::default()).send(&ending_in_fin(), start).await
}

#[tokio::test]
async fn an_accepted_sms_arrives_verbatim_and_has_the_providers_sid() {
    let simulator = simulator().await;
    let accepted = sender_to(&simulator).send(&sms("+573001234567"), start).await.expect("accepted");
    assert!(accepted.reference.starts_with("SM") && accepted.reference.len() == 34, "{}", accepted.reference);
    let arrived = simulator.arrivals(Some(Channel::Sms), None, 10).data.remove(0);
    assert_eq!((arrived.to.as_str(), arrived.from.as_str()), ("+573001234567", "+15005550006"));
    assert_eq!(arrived.body, Some(sms("").body));
    assert_eq!(arrived.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn a_send_can_run_in_a_task_of_its_own() {
    let simulator = simulator().await;
    let mut sender = sender_to(&simulator);
    let task = tokio::spawn(async move { sender.send(&sms("+573001234567"), async || Ok(())).await });
    task.await.expect("no panic").expect("accepted");
}

#[tokio::test]
async fn refusals_have_the_class_of_their_code() {
    let simulator = simulator().await;
    let mut sender = sender_to(&simulator);
    let cases = [
        ("+573000000001", FailureClass::PermanentAddress, "21211"),
        ("+573000000002", FailureClass::Throttled, "20429"),
    ];
    for (to, class, code) in cases {
        let failure = unsent(sender.send(&sms(to), start).await);
        assert_eq!((failure.class(), failure.code()), (class, code));
    }
    assert_eq!(sender.send(&sms("+573000000005"), start).await, Err(SendFailure::OptedOut));
    assert_eq!(accepted(&simulator), 0);
}

#[tokio::test]
async fn a_busy_number_says_when_to_come_back_and_then_accepts() {
    let simulator = simulator().await;
    let mut sender = sender_to(&simulator);
    let failure = unsent(sender.send(&sms("+573000000002"), start).await);
    assert_eq!(failure.advice, RetryAdvice::After(Duration::from_secs(5)));
    sender.send(&sms("+573000000002"), start).await.expect("accepted");
}

#[tokio::test]
async fn a_slow_number_is_waited_for() {
    let simulator = simulator().await;
    sender_to(&simulator).send(&sms("+573000000003"), start).await.expect("accepted");
}

#[tokio::test]
async fn a_connection_cut_instead_of_an_answer_is_in_doubt_accepted_or_not() {
    let simulator = simulator().await;
    let mut sender = sender_to(&simulator);
    for (to, count) in [("+573000000004", 1), ("+573000000006", 1)] {
        assert_eq!(doubt(sender.send(&sms(to), start).await).evidence.observed, Some(Observation::Closed));
        assert_eq!(accepted(&simulator), count, "asked exactly once");
    }
    assert_eq!(simulator.counts(Channel::Sms).lost, 1);
}

#[tokio::test]
async fn a_cut_on_a_connection_that_was_used_before_is_not_repeated_by_the_client() {
    let simulator = simulator().await;
    let mut sender = sender_to(&simulator);
    sender.send(&sms("+573001234567"), start).await.expect("accepted");
    simulator.set_rule(Channel::Sms, "", Behaviour::AcceptThenCut);
    doubt(sender.send(&sms("+573001234567"), start).await);
    assert_eq!(accepted(&simulator), 2);
}

#[tokio::test]
async fn a_refused_start_sends_nothing() {
    let simulator = simulator().await;
    let refused = sender_to(&simulator).send(&sms("+573001234567"), refuse).await;
    assert_eq!(refused, Err(SendFailure::StartRefused(StartRefused)));
    assert_eq!(simulator.arrivals(None, None, 10).data, []);
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_transient_and_unreachable() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let failure = unsent(sender_at(&url, SmsDeadlines::default()).send(&sms("+1"), start).await);
    assert_eq!((failure.class(), failure.is_unreachable()), (FailureClass::Transient, true));
}

#[tokio::test]
async fn an_unknown_name_is_transient_and_unreachable() {
    let mut sender = sender_at("http://nobody.invalid", SmsDeadlines::default());
    assert!(unsent(sender.send(&sms("+1"), start).await).is_unreachable());
}

#[tokio::test]
async fn silence_after_the_request_is_in_doubt() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let tiny = Duration::from_millis(30);
    let deadlines = SmsDeadlines { answer: tiny, ..SmsDeadlines::default() };
    assert_eq!(
        doubt(sender_at(&url, deadlines).send(&sms("+1"), start).await).evidence.observed,
        Some(Observation::NoAnswer)
    );
    drop(listener);
}

#[tokio::test]
async fn a_wrong_secret_is_our_fault() {
    let simulator = simulator().await;
    let mut settings = simulator.twilio_settings(1);
    let SmsApi::Twilio(api) = &mut settings.api else { panic!("another kind") };
    api.secret = "wrong".into();
    let mut sender = SmsProvider::try_new(&settings).expect("good settings").sender();
    let failure = unsent(sender.send(&sms("+573001234567"), start).await);
    assert_eq!((failure.class(), failure.code()), (FailureClass::ConfigAuth, "20003"));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let redirected =
        answered("HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nContent-Length: 0\r\n\r\n").await;
    let failure = unsent(redirected);
    assert_eq!((failure.class(), failure.code()), (FailureClass::ConfigAuth, "307"));
}

#[tokio::test]
async fn a_server_error_is_in_doubt() {
    let failed = answered("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno").await;
    assert_eq!(doubt(failed).code(), "502");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_in_doubt() {
    doubt(answered("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"sid\":").await);
    doubt(answered("HTTP/1.1 201 Cre").await);
    doubt(answered("220 hello\r\n").await);
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let endless = "HTTP/1.1 201 Created\r\nContent-Length: 1000000000\r\n\r\n".to_owned()
        + &" ".repeat(2 * transport::MAX_ANSWER);
    doubt(answered(endless.leak()).await);
}

#[tokio::test]
async fn the_request_is_in_twilios_dialect() {
    let (url, server) = saying("HTTP/1.1 201 Created\r\nContent-Length: 13\r\n\r\n{\"sid\":\"SM1\"}").await;
    let accepted = sender_at(&url, SmsDeadlines::default()).send(&ending_in_fin(), start).await;
    assert_eq!(accepted.expect("accepted").reference, "SM1");
    let request = String::from_utf8(server.await.expect("a request")).expect("text");
    let (head, form) = request.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: Basic QUMxOnNlY3JldA=="), "{head}");
    assert!(head.contains("user-agent: mensajeria/"), "{head}");
    assert_eq!(form, "To=%2B573001234567&From=%2B15005550006&Body=fin");
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_gets_nothing_and_its_failure_says_why() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
    let acceptor = Identity::of_company("localhost").acceptor;
    let agreed = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        acceptor.accept(stream).await.is_ok()
    });
    let failure = unsent(sender_at(&url, SmsDeadlines::default()).send(&sms("+573001234567"), start).await);
    let seen = (failure.class(), failure.seen());
    assert_eq!(seen, (FailureClass::ConfigAuth, Some(Observation::CertificateUntrusted)), "{failure}");
    assert!(!agreed.await.expect("a handshake"));
}

#[tokio::test]
async fn every_dialect_delivers_verbatim_and_tells_its_delivery() {
    let simulator = simulator().await;
    for mut sender in others(&simulator) {
        let accepted = sender.send(&sms("+573001234567"), start).await.expect("accepted");
        assert!(!accepted.reference.is_empty());
        let arrived = simulator.arrivals(Some(Channel::Sms), None, 10).data.remove(0);
        assert_eq!((arrived.to.as_str(), arrived.from.as_str()), ("+573001234567", "+15005550006"));
        assert_eq!(arrived.body, Some(sms("").body));
        assert_eq!(arrived.delivery, Some(sms("").delivery_id));
    }
    assert_eq!(accepted(&simulator), 2);
}

#[tokio::test]
async fn refusals_in_every_dialect_have_the_class_of_their_code() {
    let simulator = simulator().await;
    for mut sender in others(&simulator) {
        let unknown = unsent(sender.send(&sms("+573000000001"), start).await);
        assert_eq!(unknown.class(), FailureClass::PermanentAddress, "{unknown}");
        let busy = unsent(sender.send(&sms("+573000000002"), start).await);
        assert_eq!(busy.class(), FailureClass::Throttled, "{busy}");
        sender.send(&sms("+573000000002"), start).await.expect("busy once");
        assert_eq!(sender.send(&sms("+573000000005"), start).await, Err(SendFailure::OptedOut));
        for lost in ["+573000000004", "+573000000006"] {
            let lost = doubt(sender.send(&sms(lost), start).await);
            assert_eq!(lost.evidence.observed, Some(Observation::Closed));
        }
    }
}

#[tokio::test]
async fn a_wrong_secret_is_our_fault_in_every_dialect() {
    let simulator = simulator().await;
    for api in &mut apis_at(&simulator.sms_base_url())[1..] {
        match api {
            SmsApi::Generic(settings) => settings.secret = "wrong".into(),
            SmsApi::Infobip(settings) => settings.secret = "wrong".into(),
            SmsApi::Twilio(_) => panic!("it has a test of its own"),
        }
        let mut sender = sender_of(api.clone(), SmsDeadlines::default());
        let failure = unsent(sender.send(&sms("+573001234567"), start).await);
        assert_eq!(failure.class(), FailureClass::ConfigAuth, "{failure}");
    }
}

/// A server that reads a request and then answers without end, a byte at a time.
async fn dribbling() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                stream.read_buf(&mut Vec::new()).await.expect("readable");
                let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";
                stream.write_all(head).await.expect("writable");
                let mut ticks = tokio::time::interval(Duration::from_millis(5));
                while stream.write_all(b" ").await.is_ok() {
                    ticks.tick().await;
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn an_answer_that_comes_a_byte_at_a_time_is_not_waited_for() {
    let url = dribbling().await;
    let soon = Duration::from_millis(100);
    let deadlines = SmsDeadlines { connect: soon, answer: soon, idle: soon };
    for api in apis_at(&url) {
        let doubt = doubt(sender_of(api, deadlines).send(&sms("+573001234567"), start).await);
        assert_eq!(doubt.evidence.observed, Some(Observation::AnswerCut));
    }
}

/// A server that answers every request with this body.
async fn answering(status: &str, body: String) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.read_buf(&mut Vec::new()).await.expect("readable");
            // A client that has read enough leaves.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

#[tokio::test]
async fn garbage_and_ten_megabytes_of_json_are_in_doubt_in_every_dialect() {
    let large = format!("[{}0]", "{},".repeat(10_000_000 / 3));
    let wrong = r#"{"sid":{},"id":[],"messages":{"messageId":[],"status":7}}"#.to_owned();
    for (body, seen) in [
        (large, Observation::AnswerTooLong),
        ("<html>\u{0}".to_owned(), Observation::AnswerUnclear),
        (wrong, Observation::AnswerUnclear),
    ] {
        let url = answering("200 OK", body).await;
        for api in apis_at(&url) {
            let sent = sender_of(api, SmsDeadlines::default()).send(&sms("+573001234567"), start).await;
            assert_eq!(doubt(sent).evidence.observed, Some(seen));
        }
    }
}

#[tokio::test]
async fn a_probe_logs_in_and_sends_nothing() {
    let simulator = simulator().await;
    let base = simulator.sms_base_url();
    for settings in
        [simulator.twilio_settings(1), simulator.infobip_settings(1), simulator.generic_settings(1)]
    {
        let provider = SmsProvider::try_new(&settings).expect("good settings");
        let answer = provider.probe(now()).await.expect("an answer");
        assert_eq!((answer.status, answer.is_of_account), (200, true));
        assert!(answer.date.is_some(), "the server has a clock");
    }
    let wrong =
        InfobipSettings { base_url: base, secret: "wrong".into(), from: "Avisos".into(), receipt_key: None };
    let settings = SmsSettings { api: SmsApi::Infobip(wrong), ..simulator.infobip_settings(1) };
    let answer =
        SmsProvider::try_new(&settings).expect("good settings").probe(now()).await.expect("an answer");
    assert_eq!(answer.status, 401);
    assert_eq!(simulator.arrivals(None, None, 10).data, []);
}
