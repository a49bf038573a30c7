//! TCP without Nagle's algorithm, and TLS on it.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use domain::deliveries::{self, FailureClass, Observation};
use rustls::{CertificateError, ClientConfig, Error, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    Shared,
    pin::{PinVerifier, Unpinned},
    reply::{self, Phase},
    security::{CertificateTrust, Tls},
    wire::Stream,
};
use crate::provider::failure::Failure;

/// The TLS configuration for one server, built on first use, because the platform has many certificates.
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
    shared.within(Phase::Connect, connecting).await
}

/// TLS on a connection whose server has agreed to it.
pub(super) async fn start_tls(tcp: TcpStream, shared: &Shared) -> Result<Stream, Failure> {
    shared.within(Phase::Tls, handshake(tcp, shared)).await.map(|stream| Stream::Tls(Box::new(stream)))
}

/// Tries every address of the name in turn. TCP_NODELAY, because otherwise a command after a reply waits 40 ms for the
/// other side's delayed acknowledgement.
pub(super) async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
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

/// Whether an error comes from TLS itself. rustls reports an untrusted certificate in this way too.
pub(super) fn is_tls(error: &io::Error) -> bool {
    tls_error(error).is_some()
}

async fn handshake(tcp: TcpStream, shared: &Shared) -> Result<TlsStream<TcpStream>, Failure> {
    let host = shared.server.host.clone();
    let name = ServerName::try_from(host).map_err(|_| reply::unprotected(Observation::SettingsUnusable))?;
    let connector = TlsConnector::from(shared.tls.config(&shared.server.trust)?);
    connector.connect(name, tcp).await.map_err(|error| match tls_error(&error) {
        Some(tls) => disagreed(tls),
        None => unreachable(&error),
    })
}

impl TlsClient {
    fn config(&self, trust: &CertificateTrust) -> Result<Arc<ClientConfig>, Failure> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let config = config(trust).map_err(|error| {
            reply::unprotected(Observation::TrustUnreadable).with_text(&error.to_string())
        })?;
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }
}

fn config(trust: &CertificateTrust) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match trust {
        CertificateTrust::Platform => builder.with_platform_verifier()?,
        CertificateTrust::Authorities(roots) => builder.with_root_certificates(Arc::clone(roots)),
        CertificateTrust::Pinned(pins) => {
            let verifier = PinVerifier { pins: pins.clone(), algorithms };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
    };
    Ok(builder.with_no_client_auth())
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// Why TLS failed, with the library's text; for a certificate that is not pinned, its fingerprint.
fn disagreed(error: &Error) -> Failure {
    let text = match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => other.0.to_string(),
        other => other.to_string(),
    };
    reply::unprotected(seen(error)).with_text(&text)
}

fn seen(error: &Error) -> Observation {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, UnknownIssuer,
    };
    let Error::InvalidCertificate(certificate) = error else { return Observation::TlsFailed };
    match certificate {
        // The signature is invalid if the authority has the name of a trusted one and another key.
        UnknownIssuer | BadSignature => Observation::CertificateUntrusted,
        NotValidForName | NotValidForNameContext { .. } => Observation::CertificateForOtherName,
        Expired | ExpiredContext { .. } => Observation::CertificateExpired,
        CertificateError::Other(other) if other.0.is::<Unpinned>() => Observation::CertificateDiffers,
        _ => Observation::CertificateUnusable,
    }
}

fn unreachable(error: &io::Error) -> Failure {
    Failure::observed(FailureClass::Transient, deliveries::Phase::Connect, Observation::Unreachable)
        .with_text(&error.to_string())
}
