//! TCP without Nagle's algorithm, with TLS from the start where the settings ask for it.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use domain::delivery::FailureClass;
use lettre::transport::smtp::client::{AsyncTokioStream, TlsParameters};
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Trust, reply};
use crate::provider::{
    failure::{Failure, code},
    settings::SmtpServer,
};

/// Connects within the deadline, TLS included.
pub(super) async fn connect(
    server: &SmtpServer,
    trust: &Trust,
    deadline: Duration,
) -> Result<Box<dyn AsyncTokioStream>, Failure> {
    let connecting = async {
        let tcp = tcp(&server.host, server.port).await.map_err(|error| unreachable(&error))?;
        if !server.implicit_tls {
            return Ok(Box::new(tcp) as Box<dyn AsyncTokioStream>);
        }
        Ok(Box::new(SmtpsStream(handshake(tcp, server, trust).await?)) as Box<dyn AsyncTokioStream>)
    };
    timeout(deadline, connecting).await.unwrap_or_else(|_| Err(reply::timed_out(reply::Phase::Connect)))
}

/// Every address of the name in turn. TCP_NODELAY, since lettre never sets it: a command after a reply would wait
/// for the other side's delayed acknowledgement, 40 ms each.
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

/// What lettre needs for STARTTLS: the platform's certificates.
pub(super) fn lettre_tls(host: &str) -> Result<TlsParameters, Failure> {
    TlsParameters::new_rustls(host.to_owned())
        .map_err(|_| untrusted("the platform's certificates cannot be read"))
}

async fn handshake(
    tcp: TcpStream,
    server: &SmtpServer,
    trust: &Trust,
) -> Result<TlsStream<TcpStream>, Failure> {
    let name =
        ServerName::try_from(server.host.clone()).map_err(|_| untrusted("the host is no name for TLS"))?;
    let connector = TlsConnector::from(trust.config()?);
    connector.connect(name, tcp).await.map_err(|error| {
        if reply::is_tls_io(&error) { untrusted(&error.to_string()) } else { unreachable(&error) }
    })
}

impl Trust {
    fn config(&self) -> Result<Arc<rustls::ClientConfig>, Failure> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let config =
            platform_config().map_err(|_| untrusted("the platform's certificates cannot be read"))?;
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }
}

fn platform_config() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_platform_verifier()?.with_no_client_auth())
}

fn untrusted(text: &str) -> Failure {
    Failure::new(FailureClass::ConfigAuth, code::TLS, text)
}

fn unreachable(error: &io::Error) -> Failure {
    Failure::new(FailureClass::Transient, code::CONNECT, &error.to_string())
}

/// TLS from the start, in the shape lettre takes.
pub(super) struct SmtpsStream(TlsStream<TcpStream>);

impl AsyncTokioStream for SmtpsStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

impl fmt::Debug for SmtpsStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpsStream")
    }
}

impl AsyncRead for SmtpsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for SmtpsStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
