//! The simulator, as its clients see it.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use uuid::Uuid;

use super::*;
use crate::provider::{Outgoing, Provider, SendFailure, SmsProvider, email::EmailProvider};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time")
}

/// After so long, what a test waits for has hung: it says nothing about speed.
const HANG: Duration = Duration::from_secs(600);

fn options() -> SimulatorOptions {
    SimulatorOptions::new(Arc::new(now))
}

fn outgoing(to: &str) -> Outgoing {
    Outgoing {
        delivery_id: Uuid::from_u128(7).into(),
        generation: 1,
        attempt: 1,
        to: to.into(),
        to_name: None,
        subject: Some("Aviso".into()),
        body: "Hola".into(),
        html: None,
        is_personal: false,
        requested_at: now(),
        returns: Default::default(),
    }
}

fn providers(simulator: &Simulator) -> [Provider; 2] {
    [
        Provider::Email(EmailProvider::try_new(&simulator.smtp_settings(2)).expect("good settings")),
        Provider::Sms(SmsProvider::try_new(&simulator.twilio_settings(2)).expect("good settings")),
    ]
}

/// Speaks raw SMTP, pipelined, and returns everything that was said until the end.
async fn dialogue(simulator: &Simulator, words: &[u8]) -> String {
    let mut stream = TcpStream::connect(simulator.smtp).await.expect("a connection");
    stream.write_all(words).await.expect("writable");
    stream.shutdown().await.expect("the end of what is said");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

fn codes(answer: &str) -> Vec<&str> {
    answer.lines().filter(|line| line.as_bytes().get(3) == Some(&b' ')).map(|line| &line[..3]).collect()
}

#[tokio::test]
async fn every_accepted_message_is_in_the_ledger_with_its_delivery_and_no_other_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.jsonl");
    let simulator = Simulator::start(SimulatorOptions { ledger: Some(path.clone()), ..options() }).await;
    let simulator = simulator.expect("a simulator");
    let [mut email, mut sms] = providers(&simulator).map(|provider| provider.sender());
    for to in ["ana@cliente.test", "rebota@cliente.test", "corta@cliente.test", "pierde@cliente.test"] {
        let _ = email.send(&outgoing(to), async || Ok(())).await;
    }
    for to in ["+573001234567", "+573000000001", "+573000000004", "+573000000006"] {
        let _ = sms.send(&outgoing(to), async || Ok(())).await;
    }
    let entries = ledger::read(&path).expect("a ledger");
    let accepted: Vec<_> = entries.iter().map(|entry| entry.to.as_str()).collect();
    assert_eq!(accepted, ["ana@cliente.test", "corta@cliente.test", "+573001234567", "+573000000004"]);
    let delivery = Uuid::from_u128(7).to_string();
    assert!(
        entries.iter().all(|entry| entry.delivery_id == delivery && entry.accepted_at == now()),
        "{entries:?}"
    );
}

#[tokio::test]
async fn the_page_shows_what_became_of_every_message_newest_first() {
    let simulator = Simulator::start(options()).await.expect("a simulator");
    let mut sender = providers(&simulator)[0].sender();
    for to in ["ana@cliente.test", "rebota@cliente.test", "spam@cliente.test", "pierde@cliente.test"] {
        let _ = sender.send(&outgoing(to), async || Ok(())).await;
    }
    let page = simulator.arrivals(Some(Channel::Email), None, 10);
    let refused = |code: &str| Outcome::Refused { code: code.to_owned() };
    let outcomes: Vec<_> = page.data.iter().map(|arrival| arrival.outcome.clone()).collect();
    assert_eq!(outcomes, [Outcome::Lost, refused("554 5.6.0"), refused("550 5.1.1"), Outcome::Accepted]);
    let bodies: Vec<_> = page.data.iter().map(|arrival| arrival.body.as_deref()).collect();
    assert_eq!(bodies, [Some("Hola"), Some("Hola"), None, Some("Hola")]);
    assert_eq!(simulator.counts(Channel::Email), Counts { accepted: 1, refused: 2, lost: 1 });
}

#[tokio::test]
async fn a_sink_accepts_and_keeps_nothing() {
    let simulator = Simulator::start(SimulatorOptions::sink(Arc::new(now))).await.expect("a simulator");
    for provider in providers(&simulator) {
        provider.sender().send(&outgoing("+573001234567@a.test"), async || Ok(())).await.expect("accepted");
        assert_eq!(simulator.counts(provider.channel()).accepted, 1);
    }
    assert_eq!(simulator.arrivals(None, None, 10).data, []);
}

#[tokio::test]
async fn pipelined_commands_are_answered_in_order() {
    let simulator = Simulator::start(options()).await.expect("a simulator");
    let words = b"EHLO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<rebota@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n\
        Subject: x\r\n\r\n..\r\n.\r\nMAIL FROM:<a@b.test>\r\nRSET\r\nMAIL FROM:<a@b.test>\r\nMAIL FROM:<a@b.test>\r\n\
        DATA\r\nNOOP\r\nWHAT\r\nQUIT\r\n";
    let answer = dialogue(&simulator, words).await;
    let expected = [
        "220", "250", "250", "550", "250", "354", "250", "250", "250", "250", "503", "554", "250", "502",
        "221",
    ];
    assert_eq!(codes(&answer), expected, "{answer}");
    assert_eq!(simulator.arrivals(None, None, 1).data[0].body.as_deref(), Some("."));
}

#[tokio::test]
async fn an_empty_message_is_a_message() {
    let simulator = Simulator::start(options()).await.expect("a simulator");
    let words = b"MAIL FROM:<>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n.\r\nQUIT\r\n";
    assert_eq!(codes(&dialogue(&simulator, words).await), ["220", "250", "250", "354", "250", "221"]);
}

#[tokio::test]
async fn a_line_or_a_message_without_end_is_refused() {
    let simulator = Simulator::start(options()).await.expect("a simulator");
    let line = "x".repeat(3_000);
    assert!(dialogue(&simulator, line.as_bytes()).await.contains("500 5.5.2"));
    // Exactly one byte too many: what the server leaves unread would reset the connection under its own answer.
    let message =
        format!("MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n{}", "x".repeat(4 * 1024 * 1024 + 1));
    assert!(dialogue(&simulator, message.as_bytes()).await.contains("552 5.3.4"));
}

#[tokio::test]
async fn a_dropped_simulator_listens_no_more() {
    let simulator = Simulator::start(options()).await.expect("a simulator");
    let mut stream = TcpStream::connect(simulator.smtp).await.expect("a connection");
    let address = simulator.sms;
    drop(simulator);
    // The greeting may or may not have been said before the end, which may be a reset.
    let _ = stream.read_to_end(&mut Vec::new()).await;
    let closing = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(HANG, closing).await.expect("nobody listens");
}

#[tokio::test]
async fn every_row_of_the_table_does_what_it_says() {
    let options = SimulatorOptions { slow: Duration::ZERO, ..options() };
    let simulator = Simulator::start(options).await.expect("a simulator");
    for provider in providers(&simulator) {
        let rows = RULES.iter().filter(|rule| rule.channel == provider.channel());
        for rule in rows {
            let to = match rule.channel {
                Channel::Email => format!("{}@cliente.test", rule.pattern),
                Channel::Sms => format!("+57300123{}", rule.pattern),
            };
            let first = provider.sender().send(&outgoing(&to), async || Ok(())).await;
            let is_as_said = match rule.kind {
                rules::RuleKind::Slow | rules::RuleKind::Undelivered(_) => first.is_ok(),
                rules::RuleKind::AcceptedThenCut | rules::RuleKind::Lost => {
                    matches!(first, Err(SendFailure::InDoubt(_)))
                }
                _ => matches!(first, Err(SendFailure::Unsent(_) | SendFailure::OptedOut)),
            };
            assert!(is_as_said, "{to}: {first:?}");
            let second = provider.sender().send(&outgoing(&to), async || Ok(())).await;
            let accepts_then = matches!(
                rule.kind,
                rules::RuleKind::Busy(_) | rules::RuleKind::Slow | rules::RuleKind::Undelivered(_)
            );
            assert_eq!(second.is_ok(), accepts_then, "{to}");
        }
    }
}
