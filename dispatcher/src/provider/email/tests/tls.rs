//! The SMTP client and TLS: what is trusted, and what an untrusted server gets, which is nothing.

use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio_rustls::TlsAcceptor;

use super::{scripted::Scripted, *};

/// A certificate for localhost that only this test knows.
struct Identity {
    acceptor: TlsAcceptor,
    trusting: Arc<rustls::ClientConfig>,
}

impl Identity {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .expect("an identity");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate).expect("a root");
        let trusting = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { acceptor: TlsAcceptor::from(Arc::new(server)), trusting: Arc::new(trusting) }
    }
}

/// TLS before the simulator: one connection is accepted, opened, and passed on.
async fn tls_before(simulator: &Simulator, acceptor: TlsAcceptor) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let inner = simulator.smtp_url().replace("smtp://", "");
    tokio::spawn(async move {
        let (outer, _) = listener.accept().await.expect("a client");
        // A client that does not trust us goes away here.
        let Ok(mut outer) = acceptor.accept(outer).await else {
            return;
        };
        let mut inner = tokio::net::TcpStream::connect(inner).await.expect("the simulator");
        let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
    });
    format!("smtps://localhost:{port}")
}

fn provider_at(url: &str, trust: Trust) -> EmailProvider {
    let EmailSender { shared, .. } = sender_at(url, SmtpDeadlines::default());
    let Shared { gate, server, deadlines, .. } = Arc::into_inner(shared).expect("the only owner");
    EmailProvider { shared: Arc::new(Shared { gate, server, deadlines, trust }) }
}

#[tokio::test]
async fn a_trusted_server_gets_the_mail_over_tls() {
    let (simulator, identity) = (simulator().await, Identity::new());
    let url = tls_before(&simulator, identity.acceptor).await;
    let trust = Trust { config: OnceLock::from(identity.trusting) };
    let mut sender = provider_at(&url, trust).sender();
    for _ in 0..2 {
        sender.send(&mail("ana@cliente.test"), start).await.expect("accepted");
    }
    assert_eq!(accepted(&simulator), 2);
}

#[tokio::test]
async fn an_untrusted_server_gets_nothing_and_is_our_fault() {
    let (simulator, identity) = (simulator().await, Identity::new());
    let url = tls_before(&simulator, identity.acceptor).await;
    let mut sender = sender_at(&url, SmtpDeadlines::default());
    let failure = unsent(sender.send(&mail("ana@cliente.test"), never).await);
    assert_eq!((failure.class, failure.code.as_str()), (FailureClass::ConfigAuth, code::TLS));
}

#[tokio::test]
async fn an_untrusted_server_that_offers_starttls_gets_nothing_in_the_clear_either() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("smtp://{}", listener.local_addr().expect("an address"));
    let acceptor = Identity::new().acceptor;
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
    let failure =
        unsent(sender_at(&url, SmtpDeadlines::default()).send(&mail("ana@cliente.test"), never).await);
    assert_eq!((failure.class, failure.code.as_str()), (FailureClass::ConfigAuth, code::TLS));
    let heard = heard.await.expect("a dialogue");
    assert!(heard.starts_with("EHLO") && heard.ends_with("STARTTLS\r\n"), "{heard}");
}

#[tokio::test]
async fn tls_with_a_server_that_speaks_none_does_not_hang_or_send() {
    let server = Scripted::start(vec![scripted::Step::Say("220 plain\r\n"), scripted::Step::Hang]).await;
    let url = server.url.replace("smtp:", "smtps:");
    let failure =
        unsent(sender_at(&url, SmtpDeadlines::default()).send(&mail("ana@cliente.test"), never).await);
    assert!([code::TLS, code::CONNECT].contains(&failure.code.as_str()), "{failure}");
}
