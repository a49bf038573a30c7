//! The SMTP client and the simulator.

use std::cell::Cell;

use super::*;

#[tokio::test]
async fn an_accepted_mail_arrives_verbatim_and_has_the_servers_reference() {
    let simulator = simulator().await;
    let accepted = sender_to(&simulator).send(&mail("ana@cliente.test"), start).await.expect("accepted");
    assert!(accepted.reference.starts_with("2.0.0 Ok: queued as "), "{}", accepted.reference);
    let arrived = simulator.arrivals(Some(Channel::Email), None, 10).data.remove(0);
    assert_eq!((arrived.to.as_str(), arrived.from.as_str()), ("ana@cliente.test", "avisos@mensajeria.test"));
    assert_eq!(
        (arrived.subject.as_deref(), arrived.body.as_deref()),
        (Some("Corte de luz"), Some("Hola, Ana"))
    );
    assert_eq!((arrived.outcome, arrived.received_at), (Outcome::Accepted, now()));
}

#[tokio::test]
async fn every_text_arrives_verbatim() {
    let (simulator, long) = (simulator().await, "sin espacios ".repeat(200) + &"á".repeat(3_000));
    let bodies = [
        "Señal perdida: ¿está bien?\n.\n..punto\n.punto\n\n",
        ".\n",
        "",
        "\n\n",
        "espacio al final \n\tcon tabulador\t",
        "From here\nFrom there",
        "=3D =?utf-8?B?QQ==?= 100 %",
        "🚨 漢字 ñandú",
        &long,
        &"a".repeat(2_000),
    ];
    let mut sender = sender_to(&simulator);
    for body in bodies {
        for subject in ["Señal caída", "🚨🚨🚨", "=?utf-8?B?QQ==?=", "ñandú ".repeat(33).trim()] {
            let outgoing =
                Outgoing { subject: Some(subject.into()), body: body.into(), ..mail("ana@cliente.test") };
            sender.send(&outgoing, start).await.expect("accepted");
            let arrived = simulator.arrivals(None, None, 1).data.remove(0);
            assert_eq!((arrived.subject.as_deref(), arrived.body.as_deref()), (Some(subject), Some(body)));
        }
    }
}

#[tokio::test]
async fn a_send_can_run_in_a_task_of_its_own() {
    let simulator = simulator().await;
    let mut sender = sender_to(&simulator);
    let marks = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&marks);
    let task = tokio::spawn(async move {
        let started = async || {
            seen.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        sender.send(&mail("ana@cliente.test"), started).await
    });
    task.await.expect("no panic").expect("accepted");
    assert_eq!(marks.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn refusals_at_rcpt_have_their_class_are_not_started_and_leave_the_connection_usable() {
    let simulator = simulator().await;
    let mut sender = sender_to(&simulator);
    let cases = [
        ("rebota@cliente.test", FailureClass::PermanentAddress, "550 5.1.1"),
        ("lleno@cliente.test", FailureClass::Transient, "452 4.2.2"),
        ("ocupado@cliente.test", FailureClass::Transient, "451 4.3.2"),
        ("gris@cliente.test", FailureClass::Transient, "451 4.7.1"),
    ];
    for (to, class, code) in cases {
        let failure = unsent(sender.send(&mail(to), never).await);
        assert_eq!((failure.class(), failure.code()), (class, code));
        assert!(sender.idle.is_some(), "{to}");
    }
    sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
    assert_eq!(accepted(&simulator), 1);
}

#[tokio::test]
async fn a_busy_address_accepts_at_the_second_attempt() {
    let simulator = simulator().await;
    let mut sender = sender_to(&simulator);
    unsent(sender.send(&mail("ocupado@cliente.test"), never).await);
    sender.send(&mail("ocupado@cliente.test"), start).await.expect("accepted");
}

#[tokio::test]
async fn a_greylisted_mail_is_advised_to_wait() {
    let simulator = simulator().await;
    let failure = unsent(sender_to(&simulator).send(&mail("gris@cliente.test"), never).await);
    assert_eq!(failure.advice, RetryAdvice::NotBefore(Duration::from_secs(300)));
}

#[tokio::test]
async fn a_refusal_after_the_final_dot_is_a_refusal_and_no_doubt() {
    let simulator = simulator().await;
    let mut sender = sender_to(&simulator);
    let failure = unsent(sender.send(&mail("spam@cliente.test"), start).await);
    assert_eq!((failure.class(), failure.code()), (FailureClass::PermanentContent, "554 5.6.0"));
    sender.send(&mail("ana@cliente.test"), start).await.expect("accepted on the same connection");
}

#[tokio::test]
async fn a_connection_cut_after_the_final_dot_is_in_doubt_accepted_or_not() {
    let simulator = simulator().await;
    for (to, count) in [("corta@cliente.test", 1), ("pierde@cliente.test", 1)] {
        let mut sender = sender_to(&simulator);
        assert_eq!(doubt(sender.send(&mail(to), start).await).evidence.observed, Some(Observation::Closed));
        assert!(sender.idle.is_none(), "a broken connection is dropped");
        assert_eq!(accepted(&simulator), count);
    }
}

#[tokio::test]
async fn a_connection_cut_before_354_is_provably_unsent() {
    let simulator = simulator().await;
    simulator.set_rule(Channel::Email, "ana@cliente.test", Behaviour::CutEarly);
    let failure = unsent(sender_to(&simulator).send(&mail("ana@cliente.test"), never).await);
    assert_eq!((failure.class(), failure.seen()), (FailureClass::Transient, Some(Observation::Closed)));
    assert_eq!(accepted(&simulator), 0);
}

#[tokio::test]
async fn a_cut_on_a_connection_in_use_is_tried_once_more_and_then_told() {
    let simulator = simulator().await;
    simulator.set_rule(Channel::Email, "ana@cliente.test", Behaviour::CutEarly);
    let mut sender = sender_to(&simulator);
    sender.send(&mail("otra@cliente.test"), start).await.expect("accepted");
    unsent(sender.send(&mail("ana@cliente.test"), never).await);
    assert_eq!(simulator.counts(Channel::Email).lost, 2);
}

#[tokio::test]
async fn a_refused_start_sends_nothing_and_drops_the_connection() {
    let simulator = simulator().await;
    let mut sender = sender_to(&simulator);
    let refused = sender.send(&mail("ana@cliente.test"), refuse).await;
    assert_eq!(refused, Err(SendFailure::StartRefused(StartRefused)));
    assert!(sender.idle.is_none());
    sender.send(&mail("ana@cliente.test"), start).await.expect("accepted on a new connection");
    assert_eq!(accepted(&simulator), 1);
}

#[tokio::test]
async fn a_cancelled_send_drops_its_connection() {
    let simulator = simulator().await;
    let mut sender = sender_to(&simulator);
    sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
    let outgoing = mail("ana@cliente.test");
    let reached = tokio::sync::Notify::new();
    let waits = async || {
        reached.notify_one();
        std::future::pending().await
    };
    tokio::select! {
        _ = sender.send(&outgoing, waits) => unreachable!("the start never returns"),
        () = reached.notified() => {}
    }
    assert!(sender.idle.is_none());
    assert_eq!(accepted(&simulator), 1);
}

#[tokio::test]
async fn many_mails_go_over_one_connection() {
    let simulator = simulator().await;
    let mut sender = sender_to(&simulator);
    for _ in 0..300 {
        sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
    }
    let connection = sender.idle.as_ref().expect("a connection");
    assert!(format!("{connection:?}").contains("uses: 300"), "{connection:?}");
    sender.close().await;
    assert_eq!(accepted(&simulator), 300);
}

#[tokio::test]
async fn a_server_without_pipelining_is_asked_command_by_command() {
    let simulator =
        Simulator::start(SimulatorOptions { pipelining: false, ..options() }).await.expect("a simulator");
    let mut sender = sender_to(&simulator);
    unsent(sender.send(&mail("rebota@cliente.test"), never).await);
    for _ in 0..3 {
        sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
    }
    assert_eq!(accepted(&simulator), 3);
}

#[tokio::test]
async fn a_connection_never_waits_for_nagle() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let stream = stream::tcp("localhost", port).await.expect("a connection");
    assert!(stream.nodelay().expect("an option"));
}

#[tokio::test]
async fn credentials_are_given_and_wrong_ones_are_our_fault() {
    let login = Some(("us@er".to_owned(), "p:ss".to_owned()));
    let simulator =
        Simulator::start(SimulatorOptions { smtp_login: login, ..options() }).await.expect("a simulator");
    let sender = |credentials: &str| {
        let mut settings = simulator.smtp_settings(1);
        settings.url = settings.url.replace("smtp://", &format!("smtp://{credentials}"));
        EmailProvider::try_new(&settings).expect("good settings").sender()
    };
    sender("us%40er:p%3Ass@").send(&mail("ana@cliente.test"), start).await.expect("accepted");
    for (credentials, code) in [("us%40er:wrong@", "535 5.7.8"), ("", "530 5.7.0")] {
        let failure = unsent(sender(credentials).send(&mail("ana@cliente.test"), never).await);
        assert_eq!((failure.class(), failure.code()), (FailureClass::ConfigAuth, code));
    }
}

#[tokio::test]
async fn credentials_for_a_server_that_wants_none_are_our_fault() {
    let simulator = simulator().await;
    let mut settings = simulator.smtp_settings(1);
    settings.url = settings.url.replace("smtp://", "smtp://user:password@");
    let mut sender = EmailProvider::try_new(&settings).expect("good settings").sender();
    let failure = unsent(sender.send(&mail("ana@cliente.test"), never).await);
    assert_eq!(
        (failure.class(), failure.seen()),
        (FailureClass::ConfigAuth, Some(Observation::AuthNotOffered))
    );
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_transient_and_unreachable() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("smtp://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let failure =
        unsent(sender_at(&url, SmtpDeadlines::default()).send(&mail("ana@cliente.test"), never).await);
    assert_eq!((failure.class(), failure.is_unreachable()), (FailureClass::Transient, true));
}

#[tokio::test]
async fn the_start_is_marked_once_and_before_the_message() {
    let simulator = simulator().await;
    let marks = Cell::new(0);
    let started = async || {
        assert_eq!(accepted(&simulator), 0);
        marks.set(marks.get() + 1);
        Ok(())
    };
    sender_to(&simulator).send(&mail("ana@cliente.test"), started).await.expect("accepted");
    assert_eq!((marks.get(), accepted(&simulator)), (1, 1));
}

#[tokio::test]
async fn a_refusal_set_by_a_test_is_played() {
    let simulator = simulator().await;
    let refusal = Refusal::mail(452, "4.5.3 Too many recipients");
    simulator.set_rule(Channel::Email, "", Behaviour::Refuse(refusal));
    let failure = unsent(sender_to(&simulator).send(&mail("ana@cliente.test"), never).await);
    assert_eq!(failure.class(), FailureClass::Throttled);
}

#[tokio::test]
async fn a_message_that_cannot_be_built_reaches_no_server() {
    let bad = Outgoing { subject: Some("a\nBcc: b@example.com".into()), ..mail("ana@cliente.test") };
    let failure = unsent(sender_at("smtp://127.0.0.1:1", SmtpDeadlines::default()).send(&bad, never).await);
    assert_eq!(
        (failure.class(), failure.seen()),
        (FailureClass::PermanentContent, Some(Observation::ContentUnusable))
    );
}
