//! TCP without Nagle's algorithm, and TLS on it.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use domain::delivery::FailureClass;
use rustls::{CertificateError, ClientConfig, Error, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    Shared,
    pin::{PinVerifier, Unpinned},
    reply::{self, Phase},
    security::{Believed, Tls},
    wire::Stream,
};
use crate::provider::failure::{Failure, code};

/// How TLS is spoken with one server; made when it is first needed, since the platform's certificates are many.
#[derive(Debug, Default)]
pub(super) struct TlsClient {
    config: OnceLock<Arc<ClientConfig>>,
}

/// Connects within the deadline, TLS from the start included.
pub(super) async fn connect(shared: &Shared) -> Result<Stream, Failure> {
    let server = &shared.server;
    let connecting = async {
        let tcp = tcp(&server.host, server.port).await.map_err(|error| unreachable(&error))?;
        if server.tls != Tls::FromTheStart {
            return Ok(Stream::Clear(tcp));
        }
        handshake(tcp, shared).await.map(|stream| Stream::Tls(Box::new(stream)))
    };
    within(shared, connecting).await
}

/// TLS on a connection whose server has agreed to it.
pub(super) async fn start_tls(tcp: TcpStream, shared: &Shared) -> Result<Stream, Failure> {
    within(shared, handshake(tcp, shared)).await.map(|stream| Stream::Tls(Box::new(stream)))
}

/// Every address of the name in turn. TCP_NODELAY, since a command after a reply would wait for the other side's delayed
/// acknowledgement, 40 ms each.
pub(super) async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in tokio::net::lookup_host((host, port)).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Whether an error of a TLS stream is TLS's own; rustls reports an untrusted certificate so too.
pub(super) fn is_tls(error: &io::Error) -> bool {
    tls_error(error).is_some()
}

async fn within<T>(
    shared: &Shared,
    connecting: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let connected = timeout(shared.deadlines.connect, connecting).await;
    connected.unwrap_or_else(|_| Err(reply::timed_out(Phase::Connect)))
}

async fn handshake(tcp: TcpStream, shared: &Shared) -> Result<TlsStream<TcpStream>, Failure> {
    let host = shared.server.host.clone();
    let name =
        ServerName::try_from(host).map_err(|_| reply::unprotected("the host in url is no name for TLS"))?;
    let connector = TlsConnector::from(shared.tls.config(&shared.server.believed)?);
    connector.connect(name, tcp).await.map_err(|error| match tls_error(&error) {
        Some(tls) => reply::unprotected(&advice(tls)),
        None => unreachable(&error),
    })
}

impl TlsClient {
    fn config(&self, believed: &Believed) -> Result<Arc<ClientConfig>, Failure> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let unreadable = |_| {
            reply::unprotected("this machine's certificates cannot be read: name the server's in ca_file")
        };
        let config = config(believed).map_err(unreadable)?;
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }
}

fn config(believed: &Believed) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match believed {
        Believed::Platform => builder.with_platform_verifier()?,
        Believed::Authorities(roots) => builder.with_root_certificates(Arc::clone(roots)),
        Believed::Pinned(pins) => {
            let verifier = PinVerifier { pins: pins.clone(), algorithms };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
    };
    Ok(builder.with_no_client_auth())
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// Why TLS failed and what to do about it.
fn advice(error: &Error) -> String {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, UnknownIssuer,
    };
    let (what, then) = match error {
        // The signature is bad where the authority has the name of one that is trusted, but another key.
        Error::InvalidCertificate(UnknownIssuer | BadSignature) => (
            "the server's certificate comes from no authority that is trusted".to_owned(),
            "name its authority in ca_file, or the certificate itself in certificate_sha256",
        ),
        Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => (
            "the server's certificate is for another name than the host in url".to_owned(),
            "use its name in url, or name the certificate in certificate_sha256",
        ),
        Error::InvalidCertificate(Expired | ExpiredContext { .. }) => (
            "the server's certificate has expired".to_owned(),
            "have it renewed, or name it in certificate_sha256",
        ),
        Error::InvalidCertificate(CertificateError::Other(other)) if other.0.is::<Unpinned>() => {
            (format!("the server's certificate {}", other.0), "add it there if the server has a new one")
        }
        Error::InvalidCertificate(other) => (
            format!("the server's certificate cannot be used: {other}"),
            "name it in certificate_sha256, or have it replaced",
        ),
        other => (
            format!("TLS cannot be agreed: {other}"),
            "see whether url has the right scheme and port, and what the server's log says",
        ),
    };
    format!("{what}: {then}")
}

fn unreachable(error: &io::Error) -> Failure {
    Failure::new(FailureClass::Transient, code::CONNECT, &error.to_string())
}
