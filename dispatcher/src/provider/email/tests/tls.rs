//! The SMTP client and TLS: what is trusted, and what a server that is not trusted gets, which is nothing.

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

use super::{
    scripted::{ENVELOPE, Scripted, Step, Step::*},
    *,
};
use crate::provider::test_identity::Identity;

/// How a server comes to TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Smtps,
    /// Offering this in clear.
    StartTls(&'static [u8]),
}

const BOTH: [By; 2] = [By::Smtps, By::StartTls(b"250-hi\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n")];

/// A server that speaks TLS for one that does not: its address with the scheme to use.
async fn tls_before(inner: &str, acceptor: TlsAcceptor, by: By) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let inner = inner.replace("smtp://", "");
    tokio::spawn(async move {
        while let Ok((outer, _)) = listener.accept().await {
            // A client that does not believe us goes away in the middle.
            tokio::spawn(pass_on(outer, inner.clone(), acceptor.clone(), by));
        }
    });
    let scheme = if by == By::Smtps { "smtps" } else { "smtp" };
    format!("{scheme}://localhost:{port}")
}

async fn pass_on(outer: TcpStream, inner: String, acceptor: TlsAcceptor, by: By) -> std::io::Result<()> {
    let outer = match by {
        By::Smtps => outer,
        By::StartTls(offers) => up_to_tls(outer, offers).await?,
    };
    let mut outer = acceptor.accept(outer).await?;
    let mut inner = BufReader::new(TcpStream::connect(inner).await?);
    if by != By::Smtps {
        // The greeting was said in clear.
        inner.read_line(&mut String::new()).await?;
    }
    copy_bidirectional(&mut outer, &mut inner).await?;
    Ok(())
}

async fn up_to_tls(outer: TcpStream, offers: &[u8]) -> std::io::Result<TcpStream> {
    let mut outer = BufReader::new(outer);
    outer.write_all(b"220 hi\r\n").await?;
    for words in [offers, b"220 go\r\n"] {
        outer.read_line(&mut String::new()).await?;
        outer.write_all(words).await?;
    }
    Ok(outer.into_inner())
}

#[tokio::test]
async fn a_companys_own_authority_is_trusted_when_it_is_named_and_is_used_over_and_over() {
    for by in BOTH {
        let (simulator, identity) = (simulator().await, Identity::of_company("localhost"));
        let url = tls_before(&simulator.smtp_url(), identity.acceptor, by).await;
        let mut sender = sender_of(&SmtpSettings { ca_file: Some(identity.authority), ..settings(&url) });
        for _ in 0..3 {
            sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
        }
        assert!(format!("{:?}", sender.idle).contains("uses: 3"), "{:?}", sender.idle);
        assert!(sender.shared.has_had_tls.load(Ordering::Relaxed));
        assert_eq!(accepted(&simulator), 3);
    }
}

#[tokio::test]
async fn a_certificate_known_by_its_fingerprint_needs_neither_name_nor_authority() {
    for by in BOTH {
        let (simulator, identity) = (simulator().await, Identity::self_signed("otra.example"));
        let url = tls_before(&simulator.smtp_url(), identity.acceptor, by).await;
        let next = Identity::self_signed("otra.example").fingerprint;
        for own in [identity.fingerprint.clone(), identity.fingerprint.replace(':', "").to_lowercase()] {
            let settings = SmtpSettings { certificate_sha256: vec![next.clone(), own], ..settings(&url) };
            sender_of(&settings).send(&mail("ana@cliente.test"), start).await.expect("accepted");
        }
        assert_eq!(accepted(&simulator), 2);
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_gets_nothing_and_its_failure_says_why() {
    use Observation::{CertificateDiffers, CertificateForOtherName, CertificateUntrusted};
    let simulator = simulator().await;
    for by in BOTH {
        let stranger = Identity::of_company("localhost");
        let shown = stranger.fingerprint.replace(':', "").to_lowercase();
        let url = tls_before(&simulator.smtp_url(), stranger.acceptor, by).await;
        let other = Identity::of_company("otra.example");
        let elsewhere = tls_before(&simulator.smtp_url(), other.acceptor, by).await;
        let cases = [
            (settings(&url), CertificateUntrusted),
            (SmtpSettings { ca_file: Some(other.authority.clone()), ..settings(&url) }, CertificateUntrusted),
            (
                SmtpSettings { ca_file: Some(other.authority), ..settings(&elsewhere) },
                CertificateForOtherName,
            ),
            (
                SmtpSettings { certificate_sha256: vec![other.fingerprint], ..settings(&url) },
                CertificateDiffers,
            ),
        ];
        for (settings, seen) in cases {
            let failure = unsent(sender_of(&settings).send(&mail("ana@cliente.test"), never).await);
            assert_eq!((failure.class(), failure.seen()), (FailureClass::ConfigAuth, Some(seen)));
            assert_eq!(failure.text == shown, seen == CertificateDiffers, "{}", failure.text);
        }
    }
    assert_eq!(accepted(&simulator), 0);
}

#[tokio::test]
async fn a_server_that_signed_itself_is_trusted_by_its_fingerprint_only() {
    let (simulator, identity) = (simulator().await, Identity::self_signed("localhost"));
    let url = tls_before(&simulator.smtp_url(), identity.acceptor, By::Smtps).await;
    let settings = SmtpSettings { ca_file: Some(identity.authority), ..settings(&url) };
    let failure = unsent(sender_of(&settings).send(&mail("ana@cliente.test"), never).await);
    assert_eq!(
        (failure.class(), failure.seen()),
        (FailureClass::ConfigAuth, Some(Observation::CertificateUnusable))
    );
}

#[tokio::test]
async fn what_was_offered_in_clear_counts_for_nothing_under_tls() {
    let (simulator, identity) = (simulator().await, Identity::of_company("localhost"));
    let url = tls_before(&simulator.smtp_url(), identity.acceptor, BOTH[1]).await;
    let url = url.replace("smtp://", "smtp://ana:secreta@");
    let settings = SmtpSettings { ca_file: Some(identity.authority), ..settings(&url) };
    let failure = unsent(sender_of(&settings).send(&mail("ana@cliente.test"), never).await);
    assert_eq!(
        (failure.class(), failure.seen()),
        (FailureClass::ConfigAuth, Some(Observation::AuthNotOffered))
    );
}

#[tokio::test]
async fn what_comes_unasked_under_tls_is_never_the_answer_to_the_next_mail() {
    let greeting: [Step; 2] = [Say(b"220 hi\r\n"), Reply(b"250 hi\r\n")];
    let script = [&greeting[..], &ENVELOPE, &[Swallow(b"250 ok\r\n250 and ok\r\n"), Hang]].concat();
    let (server, identity) = (Scripted::start(script).await, Identity::of_company("localhost"));
    let url = tls_before(&server.url, identity.acceptor, By::Smtps).await;
    let mut sender = sender_of(&SmtpSettings { ca_file: Some(identity.authority), ..settings(&url) });
    for _ in 0..3 {
        sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn an_untrusted_server_that_offers_starttls_gets_nothing_in_the_clear_either() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("smtp://{}", listener.local_addr().expect("an address"));
    let acceptor = Identity::self_signed("localhost").acceptor;
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let (mut stream, mut heard) = (BufReader::new(stream), String::new());
        for words in ["220 hi\r\n", "250-hi\r\n250 STARTTLS\r\n", "220 go\r\n"] {
            stream.write_all(words.as_bytes()).await.expect("writable");
            if words != "220 go\r\n" {
                stream.read_line(&mut heard).await.expect("a line");
            }
        }
        let mut stream = stream.into_inner();
        assert!(acceptor.accept(&mut stream).await.is_err());
        let _ = stream.read_to_string(&mut heard).await;
        heard
    });
    let failure = unsent(sender_of(&settings(&url)).send(&mail("ana@cliente.test"), never).await);
    assert_eq!(
        (failure.class(), failure.seen()),
        (FailureClass::ConfigAuth, Some(Observation::CertificateUnusable))
    );
    let heard = heard.await.expect("a dialogue");
    assert!(heard.starts_with("EHLO") && heard.ends_with("STARTTLS\r\n"), "{heard}");
}

#[tokio::test]
async fn tls_with_a_server_that_speaks_none_does_not_hang_or_send() {
    let server = Scripted::start(vec![Say(b"220 plain\r\n"), Hang]).await;
    let url = server.url.replace("smtp:", "smtps:");
    let failure =
        unsent(sender_at(&url, SmtpDeadlines::default()).send(&mail("ana@cliente.test"), never).await);
    assert!(matches!(failure.seen(), Some(Observation::TlsFailed | Observation::Unreachable)), "{failure}");
}
