//! MAIL, RCPT and DATA in one write, to servers that offer PIPELINING (RFC 2920), and to those that do not.

use std::cell::Cell;

use super::{
    scripted::{GREETING, Scripted, Step, Step::*, words},
    *,
};

const TINY: Duration = Duration::from_millis(30);
const OFFER: [Step; 2] = [Say(b"220 hi\r\n"), Reply(b"250-hi\r\n250 PIPELINING\r\n")];
/// Reads the three commands, and answers them all.
const AT_ONCE: [Step; 3] = [Reply(b""), Reply(b""), Reply(b"250 ok\r\n250 ok\r\n354 go\r\n")];
const TAKEN: Step = Swallow(b"250 ok\r\n");

/// A server that offers PIPELINING.
async fn server(steps: &[Step]) -> Scripted {
    Scripted::start([&OFFER[..], steps].concat()).await
}

/// A server that answers the three commands so, when it has read them all.
async fn answering(replies: &'static [u8], then: &[Step]) -> Scripted {
    server(&[&[Reply(b""), Reply(b""), Reply(replies)][..], then].concat()).await
}

fn commands() -> Vec<&'static str> {
    vec!["MAIL FROM:<avisos@mensajeria.test>", "RCPT TO:<ana@cliente.test>", "DATA"]
}

#[tokio::test]
async fn the_commands_of_a_mail_leave_in_one_write_where_that_is_offered() {
    let server = server(&[&AT_ONCE[..], &[TAKEN, Hang]].concat()).await;
    server.sender().send(&mail("ana@cliente.test"), start).await.expect("accepted");
    assert_eq!(server.heard()[1..], commands());
    assert_eq!(server.pipelined(), 2);
}

#[tokio::test]
async fn each_command_waits_for_the_reply_to_the_one_before_where_it_is_not_offered() {
    let refused = [Reply(b"250 ok\r\n"), Reply(b"550 5.1.1 no\r\n")];
    let taken =
        [Reply(b"250 ok\r\n"), Reply(b"250 ok\r\n"), Reply(b"250 ok\r\n"), Reply(b"354 go\r\n"), TAKEN];
    let server = Scripted::start([&GREETING[..], &refused, &taken, &[Hang]].concat()).await;
    let mut sender = server.sender();
    unsent(sender.send(&mail("ana@cliente.test"), never).await);
    sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
    assert_eq!((server.connections.load(Ordering::Relaxed), server.pipelined()), (1, 0));
    assert_eq!(server.heard()[1..], [&commands()[..2], &["RSET"], &commands()[..]].concat());
}

#[tokio::test]
async fn a_refusal_of_any_command_leaves_the_mail_unsent_and_the_connection_of_use() {
    let cases: [(&[u8], &str); 4] = [
        (b"550 5.1.8 no\r\n503 5.5.1 MAIL first\r\n503 5.5.1 RCPT first\r\n", "550 5.1.8"),
        (b"450 4.7.1 later\r\n250 ok\r\n503 5.5.1 MAIL first\r\n", "450 4.7.1"),
        (b"250 ok\r\n550 5.1.1 no\r\n554 5.5.1 no valid recipients\r\n", "550 5.1.1"),
        (b"250 ok\r\n450 4.2.1 later\r\n503 5.5.1 RCPT first\r\n", "450 4.2.1"),
    ];
    // The next mail takes the refused one back in the same write.
    let next = [
        Reply(b""),
        Reply(b""),
        Reply(b""),
        Reply(b"250 reset\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
        TAKEN,
        Hang,
    ];
    for (replies, code) in cases {
        let server = answering(replies, &next).await;
        let mut sender = server.sender();
        assert_eq!(unsent(sender.send(&mail("ana@cliente.test"), never).await).code(), code);
        sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
        assert_eq!(server.connections.load(Ordering::Relaxed), 1, "{code}");
        assert_eq!(server.heard()[1..], [&commands()[..], &["RSET"], &commands()[..]].concat());
        assert_eq!(server.pipelined(), 2 + 3);
    }
}

#[tokio::test]
async fn a_refusal_of_data_is_believed_once_the_mail_is_taken_back() {
    let then = [&[Reply(b"250 reset\r\n")][..], &AT_ONCE, &[TAKEN, Hang]].concat();
    let server = answering(b"250 ok\r\n250 ok\r\n451 4.3.0 later\r\n", &then).await;
    let mut sender = server.sender();
    assert_eq!(unsent(sender.send(&mail("ana@cliente.test"), never).await).code(), "451 4.3.0");
    sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
    assert_eq!(server.heard()[1..], [&commands()[..], &["RSET"], &commands()[..]].concat());
}

#[tokio::test]
async fn a_refusal_too_many_to_an_accepted_recipient_is_not_the_recipients() {
    let stray = b"250 ok\r\n550 5.1.1 no\r\n";
    let cases: [(&'static [u8], &'static [u8], Observation); 2] = [
        // The reply to DATA is there already, or comes when the mail is taken back.
        (b"250 ok\r\n250 ok\r\n550 5.1.1 no\r\n354 go\r\n", b"", Observation::AnswerUnasked),
        (b"250 ok\r\n250 ok\r\n550 5.1.1 no\r\n", b"354 go\r\n", Observation::AnswerUnexpected),
    ];
    for (replies, to_reset, seen) in cases {
        let server = answering(replies, &[Reply(to_reset), Hang]).await;
        let failure = unsent(server.sender().send(&mail("ana@cliente.test"), never).await);
        assert_eq!((failure.class(), failure.seen()), (FailureClass::Transient, Some(seen)));
    }
    let in_turn = [Reply(b"250 ok\r\n"), Reply(stray), Reply(b"354 go\r\n"), Hang];
    let server = Scripted::start([&GREETING[..], &in_turn].concat()).await;
    let failure = unsent(server.sender().send(&mail("ana@cliente.test"), never).await);
    assert_eq!(failure.class(), FailureClass::Transient);
}

#[tokio::test]
async fn a_server_that_wants_a_message_after_a_refusal_gets_none() {
    let cases: [(&[u8], &str); 3] = [
        (b"250 ok\r\n550 5.1.1 no\r\n354 go\r\n", "550 5.1.1"),
        (b"550 5.1.8 no\r\n250 ok\r\n354 go\r\n", "550 5.1.8"),
        (b"550 5.1.8 no\r\n503 5.5.1 MAIL first\r\n354 go\r\n", "550 5.1.8"),
    ];
    for (replies, code) in cases {
        let server = answering(replies, &[Hang]).await;
        let mut sender = server.sender();
        assert_eq!(unsent(sender.send(&mail("ana@cliente.test"), never).await).code(), code);
        assert!(sender.idle.is_none(), "the connection is dropped");
        server.ended().await;
        assert_eq!(server.heard()[1..], commands(), "no line follows DATA");
    }
}

#[tokio::test]
async fn a_refusal_counts_though_the_connection_is_cut_before_the_other_replies() {
    let cases: [(&[u8], &str); 4] = [
        (b"550 5.1.8 no\r\n", "550 5.1.8"),
        (b"550 5.1.8 no\r\n503 5.5.1 MAIL first\r\n", "550 5.1.8"),
        (b"250 ok\r\n550 5.1.1 no\r\n", "550 5.1.1"),
        (b"250 ok\r\n550 5.1.1 no", "550 5.1.1"),
    ];
    for (replies, code) in cases {
        let server = answering(replies, &[]).await;
        let mut sender = server.sender();
        assert_eq!(unsent(sender.send(&mail("ana@cliente.test"), never).await).code(), code);
        assert!(sender.idle.is_none(), "the connection is dropped");
    }
}

#[tokio::test]
async fn a_connection_cut_before_the_last_reply_is_unsent() {
    let cases: [&[u8]; 5] =
        [b"", b"250 ok\r\n", b"250 ok\r\n250-o", b"250 ok\r\n250 ok\r\n", b"250 ok\r\n250 ok\r\n354-g"];
    for replies in cases {
        let server = answering(replies, &[]).await;
        let failure = unsent(server.sender().send(&mail("ana@cliente.test"), never).await);
        let seen = (failure.class(), failure.seen());
        assert_eq!(seen, (FailureClass::Transient, Some(Observation::Closed)), "{}", replies.escape_ascii());
    }
}

#[tokio::test]
async fn a_connection_cut_after_the_last_reply_is_unsent_where_it_is_seen_before_the_message_leaves() {
    let server = server(&AT_ONCE).await;
    let until_cut = async || {
        server.ended().await;
        // Lets the runtime look at its sockets.
        tokio::task::yield_now().await;
        Ok(())
    };
    let failure = unsent(server.sender().send(&mail("ana@cliente.test"), until_cut).await);
    assert_eq!((failure.class(), failure.seen()), (FailureClass::Transient, Some(Observation::Closed)));
}

#[tokio::test]
async fn a_connection_cut_on_the_second_mail_costs_it_nothing_and_its_start_is_marked_once() {
    for replies in [&b""[..], b"250 ok\r\n", b"250 ok\r\n250 ok\r\n", b"421 4.4.2 idle too long\r\n"] {
        let server = server(&[&AT_ONCE[..], &[TAKEN, Reply(replies)]].concat()).await;
        let (mut sender, marks) = (server.sender(), Cell::new(0));
        let started = async || {
            marks.set(marks.get() + 1);
            Ok(())
        };
        for _ in 0..2 {
            sender.send(&mail("ana@cliente.test"), &started).await.expect("accepted");
        }
        assert_eq!((server.connections.load(Ordering::Relaxed), marks.get()), (2, 2));
    }
}

#[tokio::test]
async fn silence_before_any_reply_ends_at_its_deadline() {
    let long = SmtpDeadlines::default();
    let cases: [(&[u8], SmtpDeadlines); 3] = [
        (b"", SmtpDeadlines { envelope: TINY, ..long }),
        (b"250 ok\r\n", SmtpDeadlines { envelope: TINY, ..long }),
        (b"250 ok\r\n250 ok\r\n", SmtpDeadlines { data: TINY, ..long }),
    ];
    for (replies, deadlines) in cases {
        let server = answering(replies, &[Hang]).await;
        let mut sender = sender_at(&server.url, deadlines);
        let failure = unsent(sender.send(&mail("ana@cliente.test"), never).await);
        assert_eq!(failure.seen(), Some(Observation::NoAnswer), "{}", replies.escape_ascii());
        assert!(sender.idle.is_none(), "the connection is dropped");
    }
}

#[tokio::test]
async fn replies_that_come_slowly_are_read_in_their_order() {
    let slowly = |replies: &str| {
        let bytes = replies.bytes().map(|byte| Say(words([byte])));
        [Reply(b""), Reply(b""), Reply(b"")].into_iter().chain(bytes).collect::<Vec<_>>()
    };
    let taken = slowly("250 ok\r\n250-o\r\n250 k\r\n354 go\r\n");
    let server_that_takes = server(&[&taken[..], &[TAKEN, Hang]].concat()).await;
    server_that_takes.sender().send(&mail("ana@cliente.test"), start).await.expect("accepted");
    let refused = slowly("250 ok\r\n550-5.1.1 n\r\n550 5.1.1 o\r\n554 5.5.1 no valid recipients\r\n");
    let server_that_refuses = server(&[&refused[..], &[Hang]].concat()).await;
    let failure = unsent(server_that_refuses.sender().send(&mail("ana@cliente.test"), never).await);
    assert_eq!((failure.code(), failure.text.as_str()), ("550 5.1.1", "5.1.1 n o"));
}

#[tokio::test]
async fn a_reply_that_answers_nothing_leaves_the_mail_unsent() {
    let before =
        Scripted::start(vec![Say(b"220 hi\r\n"), Reply(b"250-hi\r\n250 PIPELINING\r\n250 ok\r\n"), Hang]);
    let within = answering(b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", &[Hang]);
    let after = answering(b"250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n", &[Hang]);
    let servers = [
        (before.await, Observation::AnswerUnasked),
        (within.await, Observation::AnswerUnexpected),
        (after.await, Observation::Closed),
    ];
    for (server, seen) in servers {
        let mut sender = server.sender();
        let failure = unsent(sender.send(&mail("ana@cliente.test"), start).await);
        assert_eq!((failure.class(), failure.seen()), (FailureClass::Transient, Some(seen)));
        assert!(sender.idle.is_none(), "the connection is dropped");
        server.ended().await;
        assert!(!server.heard().iter().any(|line| line.starts_with("Subject")), "no message was sent");
    }
}

#[tokio::test]
async fn a_reply_too_many_to_a_refused_mail_is_never_the_reply_to_the_next() {
    let refused: &[u8] = b"250 ok\r\n550 5.1.1 no\r\n554 5.5.1 no valid recipients\r\n250 ok\r\n";
    let server = answering(refused, &[Hang]).await;
    let mut sender = server.sender();
    for _ in 0..2 {
        assert_eq!(unsent(sender.send(&mail("ana@cliente.test"), never).await).code(), "550 5.1.1");
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_refusal_too_many_before_the_replies_to_a_mail_is_not_taken_for_one_of_them() {
    let late = b"550 5.1.1 late\r\n250 ok\r\n250 ok\r\n354 go\r\n";
    let once = [&AT_ONCE[..], &[TAKEN]].concat();
    let server = server(&[&once[..], &[Reply(b""), Reply(b""), Reply(late), Hang]].concat()).await;
    let mut sender = server.sender();
    for _ in 0..2 {
        sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 2);
    assert!(!sender.shared.trusts_replies());
}

#[tokio::test]
async fn a_mail_that_cannot_be_taken_back_is_followed_by_the_next_on_another_connection() {
    let refused = b"250 ok\r\n550 5.1.1 no\r\n554 5.5.1 no valid recipients\r\n";
    for rset in ["421 4.4.2 idle too long\r\n", "500 5.5.2 what?\r\n250 ok\r\n250 ok\r\n354 go\r\n"] {
        let again = Reply(words(rset));
        let server = answering(refused, &[Reply(b""), Reply(b""), Reply(b""), again, Hang]).await;
        let mut sender = server.sender();
        for _ in 0..2 {
            assert_eq!(unsent(sender.send(&mail("ana@cliente.test"), never).await).code(), "550 5.1.1");
        }
        assert_eq!(server.connections.load(Ordering::Relaxed), 2);
    }
}
