//! The SMTP client and servers that behave badly.

use super::{
    scripted::{ENVELOPE, GREETING, Scripted, Step, Step::*, words},
    *,
};

const TINY: Duration = Duration::from_millis(30);

#[tokio::test]
async fn a_reply_of_several_lines_is_one_reply() {
    let rcpt = Reply(b"550-5.1.1 The mailbox\r\n550-5.1.1 was\r\n550 5.1.1 closed\r\n");
    let server = Scripted::after_greeting(&[Reply(b"250 ok\r\n"), rcpt, Hang]).await;
    let failure = unsent(server.sender().send(&mail("ana@cliente.test"), never).await);
    assert_eq!((failure.code(), failure.text.as_str()), ("550 5.1.1", "5.1.1 The mailbox was closed"));
}

#[tokio::test]
async fn silence_in_any_phase_ends_at_its_deadline_and_only_the_last_one_is_in_doubt() {
    let long = SmtpDeadlines::default();
    let cases = [
        (vec![Hang], SmtpDeadlines { greeting: TINY, ..long }),
        ([&GREETING[..], &[Hang]].concat(), SmtpDeadlines { envelope: TINY, ..long }),
        ([&GREETING[..], &[ENVELOPE[0], Hang]].concat(), SmtpDeadlines { envelope: TINY, ..long }),
        ([&GREETING[..], &ENVELOPE[..2], &[Hang]].concat(), SmtpDeadlines { data: TINY, ..long }),
    ];
    for (script, deadlines) in cases {
        let server = Scripted::start(script).await;
        let failure = unsent(sender_at(&server.url, deadlines).send(&mail("ana@cliente.test"), never).await);
        assert_eq!(failure.seen(), Some(Observation::NoAnswer));
    }
    let server = Scripted::after_greeting(&[&ENVELOPE[..], &[Hang]].concat()).await;
    let mut sender = sender_at(&server.url, SmtpDeadlines { final_reply: TINY, ..long });
    assert_eq!(
        doubt(sender.send(&mail("ana@cliente.test"), start).await).evidence.observed,
        Some(Observation::NoAnswer)
    );
    assert!(sender.idle.is_none());
}

#[tokio::test]
async fn an_answer_to_the_message_that_is_no_smtp_leaves_it_in_doubt() {
    for words in ["what?\r\n", "354 go on\r\n", "250-unfinished\r\n", ""] {
        let server = Scripted::after_greeting(&[&ENVELOPE[..], &[Swallow(words.as_bytes())]].concat()).await;
        doubt(server.sender().send(&mail("ana@cliente.test"), start).await);
    }
}

#[tokio::test]
async fn an_answer_before_the_message_that_is_no_smtp_is_unsent() {
    for words in ["what?\r\n", "354 go on\r\n", "250-unfinished\r\n", ""] {
        let server = Scripted::after_greeting(&[Reply(words.as_bytes())]).await;
        let failure = unsent(server.sender().send(&mail("ana@cliente.test"), never).await);
        assert_eq!(failure.class(), FailureClass::Transient, "{words}");
    }
}

#[tokio::test]
async fn a_greeting_that_refuses_us_is_not_the_recipients_fault() {
    let server = Scripted::start(vec![Say(b"554 5.7.1 your address is blocked\r\n"), Hang]).await;
    let failure = unsent(server.sender().send(&mail("ana@cliente.test"), never).await);
    assert_eq!(failure.class(), FailureClass::ConfigAuth);
}

#[tokio::test]
async fn a_connection_the_server_ended_between_two_mails_costs_the_second_nothing() {
    let server = Scripted::after_greeting(&[&ENVELOPE[..], &[Swallow(b"250 ok\r\n")]].concat()).await;
    let mut sender = server.sender();
    for _ in 0..3 {
        sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_421_between_two_mails_costs_the_second_nothing() {
    let end = [Swallow(b"250 ok\r\n"), Reply(b"421 4.4.2 idle too long\r\n")];
    let server = Scripted::after_greeting(&[&ENVELOPE[..], &end].concat()).await;
    let mut sender = server.sender();
    for _ in 0..2 {
        sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_reference_does_not_repeat_the_recipients_address() {
    let queued = Swallow(b"250 2.0.0 queued for ANA@cliente.test as 4F3A\r\n");
    let server = Scripted::after_greeting(&[&ENVELOPE[..], &[queued]].concat()).await;
    let accepted = server.sender().send(&mail("ana@cliente.test"), start).await.expect("accepted");
    assert_eq!(accepted.reference, "2.0.0 queued for … as 4F3A");
}

#[tokio::test]
async fn a_reference_is_cut_after_the_recipients_address_is_blanked() {
    let id = "x".repeat(190);
    let queued = Swallow(words(format!("250 {id} bounce+ana=xn--seal-hqa.example as 4F3A\r\n")));
    let server = Scripted::after_greeting(&[&ENVELOPE[..], &[queued]].concat()).await;
    let accepted = server.sender().send(&mail("ana@señal.example"), start).await.expect("accepted");
    assert_eq!(accepted.reference, format!("{id} … as 4F3A"));
}

#[tokio::test]
async fn a_refusal_at_mail_is_never_the_recipients_fault() {
    let server =
        Scripted::after_greeting(&[Reply(b"550 5.1.8 sender's domain does not exist\r\n"), Hang]).await;
    let failure = unsent(server.sender().send(&mail("ana@cliente.test"), never).await);
    assert_eq!(failure.class(), FailureClass::ConfigAuth);
}

#[tokio::test]
async fn what_comes_unasked_after_a_mail_is_never_the_answer_to_the_next() {
    for words in
        ["250 ok\r\n250 and ok\r\n", "250 ok\r\n550 no\r\n", "250 ok\r\n421 bye\r\n", "250 ok\r\nwhat?\r\n"]
    {
        let server =
            Scripted::after_greeting(&[&ENVELOPE[..], &[Swallow(words.as_bytes()), Hang]].concat()).await;
        let mut sender = server.sender();
        for _ in 0..3 {
            sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
        }
        assert_eq!(server.connections.load(Ordering::Relaxed), 3, "{words}");
    }
}

/// A server that offers no PIPELINING, takes one mail, and does this with the message of the second.
async fn taking_one_then(with_the_second: &[Step]) -> Scripted {
    let first = [&ENVELOPE[..], &[Swallow(b"250 ok\r\n")]].concat();
    Scripted::after_greeting(&[&first[..], &ENVELOPE[..], with_the_second].concat()).await
}

/// What becomes of the second mail of one sender.
async fn second(sender: &mut EmailSender) -> Result<Accepted, SendFailure> {
    sender.send(&mail("ana@cliente.test"), start).await.expect("the first is accepted");
    sender.send(&mail("ana@cliente.test"), start).await
}

#[tokio::test]
async fn a_refusal_too_many_before_the_message_is_accepted_leaves_it_in_doubt_and_never_unsent() {
    let cases: [&[Step]; 4] = [
        &[Swallow(b"450 4.2.1 late\r\n250 ok\r\n"), Reply(b"221 bye\r\n")],
        &[Swallow(b"550 5.1.1 late\r\n"), Reply(b"250 ok\r\n221 bye\r\n")],
        &[Swallow(b"450 4.2.1 late\r\n"), Reply(b"450 4.2.1 later\r\n250 ok\r\n")],
        &[Swallow(b"421 4.4.2 late\r\n250 ok\r\n")],
    ];
    for steps in cases {
        let server = taking_one_then(steps).await;
        let mut sender = server.sender();
        assert_eq!(doubt(second(&mut sender).await).evidence.observed, Some(Observation::AnswerUnasked));
        assert!(sender.idle.is_none(), "the connection has ended");
        assert_eq!(server.connections.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn a_refusal_with_nothing_behind_it_but_the_goodbye_is_one() {
    let cases: [&[Step]; 4] = [
        &[Swallow(b"450 4.2.1 later\r\n"), Reply(b"221 bye\r\n"), Hang],
        &[Swallow(b"450 4.2.1 later\r\n"), Reply(b"")],
        &[Swallow(b"450 4.2.1 later\r\n")],
        &[Swallow(b"450 4.2.1 later\r\n"), Reply(b"550 5.5.1 what?\r\n")],
    ];
    for steps in cases {
        let server = taking_one_then(steps).await;
        let mut sender = server.sender();
        assert_eq!(unsent(second(&mut sender).await).code(), "450 4.2.1");
        assert!(sender.idle.is_none(), "the connection has ended");
    }
}

#[tokio::test]
async fn silence_after_a_refusal_that_may_be_another_mails_is_a_doubt() {
    let server = taking_one_then(&[Swallow(b"450 4.2.1 later\r\n"), Hang]).await;
    let soon = SmtpDeadlines { final_reply: Duration::from_millis(30), ..SmtpDeadlines::default() };
    let mut sender = sender_at(&server.url, soon);
    assert_eq!(doubt(second(&mut sender).await).evidence.observed, Some(Observation::NoAnswer));
}

#[tokio::test]
async fn what_cannot_be_read_behind_a_refusal_is_a_doubt() {
    let server =
        taking_one_then(&[Swallow(b"450 4.2.1 late\r\n"), Reply(b"what?\r\n250 ok\r\n221 bye\r\n")]).await;
    let in_doubt = doubt(second(&mut server.sender()).await);
    assert_eq!(in_doubt.evidence.observed, Some(Observation::AnswerUnreadable));
}

#[tokio::test]
async fn the_refusal_of_a_connections_first_message_is_confirmed_too() {
    let cases: [(&[u8], bool); 3] =
        [(b"250 ok\r\n221 bye\r\n", true), (b"450 4.3.0 no\r\n250 ok\r\n", true), (b"221 bye\r\n", false)];
    for (behind, is_accepted) in cases {
        let steps = [&ENVELOPE[..], &[Swallow(b"450 4.2.1 later\r\n"), Reply(behind), Hang]].concat();
        let server = Scripted::after_greeting(&steps).await;
        let mut sender = server.sender();
        let result = sender.send(&mail("ana@cliente.test"), start).await;
        assert!(sender.idle.is_none(), "the connection has ended");
        if is_accepted {
            assert_eq!(doubt(result).evidence.observed, Some(Observation::AnswerUnasked));
        } else {
            assert_eq!(unsent(result).code(), "450 4.2.1");
        }
    }
}

/// Sends four mails by two senders of a provider that plays this script on each connection. Returns how many connections that
/// took, and whether the provider still counts on its replies.
async fn four_mails(script: &[Step]) -> (usize, bool) {
    let server = Scripted::after_greeting(script).await;
    let provider = EmailProvider::try_new(&server.settings("")).expect("good settings");
    for mut sender in [provider.sender(), provider.sender()] {
        for _ in 0..2 {
            sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
        }
    }
    (server.connections.load(Ordering::Relaxed), provider.shared.trusts_replies())
}

#[tokio::test]
async fn a_server_that_sent_one_reply_too_many_gets_a_connection_for_each_mail() {
    let once = |reply: &'static [u8]| [&ENVELOPE[..], &[Swallow(reply)]].concat();
    let taken = once(b"250 ok\r\n");
    let script = |steps: &[Step]| [steps, &[Hang]].concat();
    assert_eq!(four_mails(&script(&[&taken[..], &taken].concat())).await, (2, true));
    assert_eq!(four_mails(&script(&once(b"250 ok\r\n250 ok\r\n"))).await, (4, false));
    // It shows at DATA of the second mail, which goes out by another connection.
    let late = [Reply(b"250 ok\r\n"), Reply(b"250 ok\r\n"), Reply(b"250 ok\r\n354 go\r\n")];
    assert_eq!(four_mails(&script(&[&taken[..], &late].concat())).await, (4, false));
}

#[tokio::test]
async fn a_server_that_ends_a_connection_is_not_one_that_speaks_unasked() {
    let closing = [&ENVELOPE[..], &[Swallow(b"250 ok\r\n421 4.4.2 idle too long\r\n"), Hang]].concat();
    assert_eq!(four_mails(&closing).await, (4, true));
}

#[tokio::test]
async fn an_empty_line_after_a_mail_costs_nothing() {
    let once = [&ENVELOPE[..], &[Swallow(b"250 ok\r\n\r\n")]].concat();
    let server = Scripted::after_greeting(&[&once[..], &once[..], &[Hang]].concat()).await;
    let mut sender = server.sender();
    for _ in 0..2 {
        sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_comes_unasked_within_a_mail_leaves_it_unsent() {
    let twice: [Step; 2] = [Reply(b"250 ok\r\n250 ok\r\n"), Hang];
    let at_data: [Step; 4] =
        [Reply(b"250 ok\r\n"), Reply(b"250 ok\r\n"), Reply(b"354 go\r\n250 ok\r\n"), Hang];
    for script in [&twice[..], &at_data[..]] {
        let server = Scripted::after_greeting(script).await;
        let mut sender = server.sender();
        let failure = unsent(sender.send(&mail("ana@cliente.test"), start).await);
        assert_eq!(failure.class(), FailureClass::Transient);
        assert!(sender.idle.is_none(), "the connection is dropped");
    }
}

#[tokio::test]
async fn a_server_that_gave_up_while_we_got_ready_has_no_message() {
    let server =
        Scripted::after_greeting(&[&ENVELOPE[..2], &[Reply(b"354 go\r\n421 too slow\r\n")]].concat()).await;
    let failure = unsent(server.sender().send(&mail("ana@cliente.test"), start).await);
    assert_eq!((failure.class(), failure.seen()), (FailureClass::Transient, Some(Observation::Closed)));
}

#[tokio::test]
async fn a_line_without_an_end_is_read_no_further_than_its_bound() {
    for (begin, expected) in [("250-", "answer_too_long"), ("250 ", "closed"), ("550 ", "550")] {
        let endless = words(begin.to_owned() + &"x".repeat(1 << 20));
        let server = Scripted::after_greeting(&[Reply(b"250 ok\r\n"), Reply(endless), Hang]).await;
        let mut sender = server.sender();
        let failure = unsent(sender.send(&mail("ana@cliente.test"), never).await);
        assert_eq!(failure.code(), expected, "{begin}");
    }
}

#[tokio::test]
async fn an_answer_to_the_message_counts_without_its_end_and_ends_the_connection() {
    let endless = words("250 queued ".to_owned() + &"x".repeat(1 << 20));
    for answer in [&b"250 queued as 4F3A"[..], b"250", endless] {
        let server = Scripted::after_greeting(&[&ENVELOPE[..], &[Swallow(answer)]].concat()).await;
        let mut sender = server.sender();
        for _ in 0..2 {
            sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
        }
        assert_eq!(server.connections.load(Ordering::Relaxed), 2);
    }
    let refused = [&ENVELOPE[..], &[Swallow(b"550 5.1.1 no such user")]].concat();
    let server = Scripted::after_greeting(&refused).await;
    let failure = unsent(server.sender().send(&mail("ana@cliente.test"), start).await);
    assert_eq!((failure.class(), failure.code()), (FailureClass::PermanentAddress, "550 5.1.1"));
}

#[tokio::test]
async fn a_message_is_not_sent_where_the_word_to_begin_ended_the_connection() {
    let server = Scripted::after_greeting(&[&ENVELOPE[..2], &[Reply(b"354 go")]].concat()).await;
    let failure = unsent(server.sender().send(&mail("ana@cliente.test"), start).await);
    assert_eq!((failure.class(), failure.seen()), (FailureClass::Transient, Some(Observation::Closed)));
}

#[tokio::test]
async fn a_connection_that_idled_too_long_is_not_used_again() {
    let server = Scripted::after_greeting(&[&ENVELOPE[..], &[Swallow(b"250 ok\r\n"), Hang]].concat()).await;
    let mut sender =
        sender_at(&server.url, SmtpDeadlines { idle: Duration::ZERO, ..SmtpDeadlines::default() });
    for _ in 0..2 {
        sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 2);
}
