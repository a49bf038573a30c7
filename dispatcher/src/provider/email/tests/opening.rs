//! What is said before the first mail: our name, what the server offers, and who we are.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{
    scripted::{ENVELOPE, Scripted, Step, Step::*, words},
    *,
};

const GREET: Step = Say(b"220 hi\r\n");

/// A server that answers each command so, and takes mail then.
async fn server(replies: &[&'static [u8]]) -> Scripted {
    let replies: Vec<_> = replies.iter().map(|reply| Reply(reply)).collect();
    Scripted::start([&[GREET], &replies[..], &ENVELOPE, &[Swallow(b"250 ok\r\n"), Hang]].concat()).await
}

fn offering(keywords: &str) -> &'static [u8] {
    let keywords = keywords.replace(", ", "\r\n250-");
    words(format!("250-hi\r\n250-{keywords}\r\n250 HELP\r\n"))
}

fn encoded(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}

/// Sends a mail; gives what the server heard before it.
async fn heard_before_mail(server: &Scripted, settings: &SmtpSettings) -> Vec<String> {
    sender_of(settings).send(&mail("ana@cliente.test"), start).await.expect("accepted");
    server.heard().into_iter().take_while(|line| !line.starts_with("MAIL")).collect()
}

/// Sends a mail in vain; gives why, and what the server heard.
async fn refused(server: &Scripted, settings: &SmtpSettings) -> (Failure, Vec<String>) {
    let failure = unsent(sender_of(settings).send(&mail("ana@cliente.test"), never).await);
    (failure, server.heard())
}

#[tokio::test]
async fn we_say_the_configured_name_or_else_our_address_in_brackets() {
    for (name, said) in [(Some("mensajes.example.com"), "mensajes.example.com"), (None, "[127.0.0.1]")] {
        let server = server(&[offering("8BITMIME")]).await;
        let settings = SmtpSettings { helo_name: name.map(str::to_owned), ..server.settings("") };
        assert_eq!(heard_before_mail(&server, &settings).await, [format!("EHLO {said}")]);
    }
}

#[tokio::test]
async fn starttls_is_taken_however_it_is_written() {
    for offer in ["STARTTLS", "starttls", "StartTls", "SIZE 1000, starttls", "starttls "] {
        let server = server(&[offering(offer), b"454 not now\r\n"]).await;
        let (failure, heard) = refused(&server, &server.settings("")).await;
        assert_eq!((failure.class(), failure.code()), (FailureClass::ConfigAuth, "454"));
        assert_eq!(heard, ["EHLO [127.0.0.1]", "STARTTLS"], "{offer}");
    }
}

#[tokio::test]
async fn a_log_in_is_found_however_it_is_written() {
    for offer in ["AUTH PLAIN", "auth PLAIN", "AUTH plain", "AUTH=PLAIN LOGIN", "AUTH LOGIN, auth=plain"] {
        let server = server(&[offering(offer), b"235\r\n"]).await;
        let heard = heard_before_mail(&server, &server.settings("ana:secreta@")).await;
        assert_eq!(heard[1..], [format!("AUTH PLAIN {}", encoded("\0ana\0secreta"))], "{offer}");
    }
}

#[tokio::test]
async fn a_login_prompt_may_say_anything() {
    let prompts: [[&[u8]; 2]; 4] = [
        [b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"],
        [b"334 Benutzer:\r\n", b"334 Kennwort?\r\n"],
        [b"334\r\n", b"334 \r\n"],
        [b"334 se\xf1or\n", b"399 clave\n"],
    ];
    for [user, password] in prompts {
        let server = server(&[offering("auth login"), user, password, b"235 2.7.0 ok\r\n"]).await;
        let heard = heard_before_mail(&server, &server.settings("ana:secreta@")).await;
        assert_eq!(heard[1..], ["AUTH LOGIN".to_owned(), encoded("ana"), encoded("secreta")]);
    }
}

#[tokio::test]
async fn a_server_that_wants_the_response_after_its_prompt_gets_it() {
    let server = server(&[offering("AUTH PLAIN"), b"334 \r\n", b"235 ok\r\n"]).await;
    let heard = heard_before_mail(&server, &server.settings("ana:secreta@")).await;
    assert_eq!(heard[2..], [encoded("\0ana\0secreta")]);
}

#[tokio::test]
async fn a_response_too_long_for_the_command_goes_on_a_line_of_its_own() {
    let password = "x".repeat(500);
    let server = server(&[offering("AUTH PLAIN"), b"334 \r\n", b"235 ok\r\n"]).await;
    let heard = heard_before_mail(&server, &server.settings(&format!("ana:{password}@"))).await;
    assert_eq!(heard[1..], ["AUTH PLAIN".to_owned(), encoded(&format!("\0ana\0{password}"))]);
}

#[tokio::test]
async fn a_refused_log_in_is_our_fault_and_its_words_never_repeat_the_password() {
    for words_of in [encoded("\0ana\0secreta"), "secreta".to_owned(), "wrong".to_owned()] {
        let reply = words(format!("535 5.7.8 no {words_of}\r\n"));
        let server = server(&[offering("AUTH PLAIN"), reply]).await;
        let (failure, _) = refused(&server, &server.settings("ana:secreta@")).await;
        assert_eq!(failure.class(), FailureClass::ConfigAuth);
        assert_eq!(failure.text.contains(&words_of), words_of == "wrong", "{}", failure.text);
    }
}

#[tokio::test]
async fn a_server_that_knows_no_ehlo_is_greeted_the_old_way() {
    for unknown in [&b"500 what?\r\n"[..], b"502\r\n"] {
        let server = server(&[unknown, b"250 hi\r\n"]).await;
        let heard = heard_before_mail(&server, &server.settings("")).await;
        assert_eq!(heard, ["EHLO [127.0.0.1]", "HELO [127.0.0.1]"]);
    }
}

#[tokio::test]
async fn a_server_that_refuses_our_name_is_not_asked_without_tls_instead() {
    for refusal in
        [&b"501 bad name\r\n"[..], b"504 5.5.2 need fully-qualified hostname\r\n", b"550 go away\r\n"]
    {
        let server = server(&[refusal, b"250 hi\r\n"]).await;
        let (failure, heard) = refused(&server, &server.settings("")).await;
        assert_eq!((failure.class(), heard.len()), (FailureClass::ConfigAuth, 1));
    }
}

#[tokio::test]
async fn without_ehlo_no_password_is_told() {
    let server = server(&[b"502 what?\r\n", b"250 hi\r\n"]).await;
    let (failure, heard) = refused(&server, &server.settings("ana:secreta@")).await;
    assert_eq!(
        (failure.class(), failure.seen()),
        (FailureClass::ConfigAuth, Some(Observation::AuthNotOffered))
    );
    assert_eq!(heard, ["EHLO [127.0.0.1]", "HELO [127.0.0.1]"]);
}

#[tokio::test]
async fn where_tls_is_required_nothing_is_sent_without() {
    let old: [&[u8]; 2] = [b"502 what?\r\n", b"250 hi\r\n"];
    let new: [&[u8]; 1] = [b"250-hi\r\n250 8BITMIME\r\n"];
    for replies in [&old[..], &new[..]] {
        let server = server(replies).await;
        let settings = SmtpSettings { tls: Some(TlsMode::Required), ..server.settings("") };
        let (failure, heard) = refused(&server, &settings).await;
        assert_eq!(
            (failure.class(), failure.seen()),
            (FailureClass::ConfigAuth, Some(Observation::TlsNotOffered))
        );
        assert_eq!(heard.len(), replies.len());
    }
}

#[tokio::test]
async fn where_tls_is_not_wanted_it_is_not_asked_for() {
    let server = server(&[offering("STARTTLS")]).await;
    let settings = SmtpSettings { tls: Some(TlsMode::None), ..server.settings("") };
    assert_eq!(heard_before_mail(&server, &settings).await, ["EHLO [127.0.0.1]"]);
}

#[tokio::test]
async fn a_server_that_had_tls_once_gets_nothing_in_clear_later() {
    let old: [&[u8]; 2] = [b"500 what?\r\n", b"250 hi\r\n"];
    let struck: [&[u8]; 1] = [b"250-hi\r\n250 8BITMIME\r\n"];
    for replies in [&old[..], &struck[..]] {
        let server = server(replies).await;
        let mut sender = sender_of(&server.settings(""));
        sender.shared.has_had_tls.store(true, Ordering::Relaxed);
        let failure = unsent(sender.send(&mail("ana@cliente.test"), never).await);
        assert_eq!(
            (failure.class(), failure.seen()),
            (FailureClass::ConfigAuth, Some(Observation::TlsWithdrawn))
        );
        assert_eq!(server.heard().len(), replies.len());
    }
}

#[tokio::test]
async fn what_is_said_in_clear_after_starttls_is_not_listened_to() {
    let server = server(&[offering("STARTTLS"), b"220 go\r\n250 AUTH PLAIN\r\n"]).await;
    let (failure, heard) = refused(&server, &server.settings("")).await;
    assert_eq!(
        (failure.class(), failure.seen()),
        (FailureClass::ConfigAuth, Some(Observation::AnswerUnasked))
    );
    assert_eq!(heard.len(), 2);
}
