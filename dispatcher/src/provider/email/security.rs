//! The transport security to a mail server: TLS or none, and the trusted certificates.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use serde::Deserialize;

use super::pin::Fingerprint;

/// Whether a connection that begins in clear must change to TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// Nothing is sent without TLS.
    Required,
    /// TLS if the server offers it.
    Opportunistic,
    /// Never TLS.
    None,
}

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provider) enum Tls {
    /// Before the greeting.
    FromTheStart,
    /// By STARTTLS, without which nothing is sent.
    Required,
    /// By STARTTLS, when it is offered.
    WhenOffered,
    Never,
}

/// Which certificates of a server are trusted.
#[derive(Debug, Clone)]
pub(in crate::provider) enum CertificateTrust {
    /// Those for its name that come from an authority that this machine trusts.
    Platform,
    /// Those for its name that come from one of these authorities, and from no other.
    Authorities(Arc<RootCertStore>),
    /// These, whatever their name, dates and authority.
    Pinned(Vec<Fingerprint>),
}

/// The keys of the configuration about TLS.
pub(in crate::provider) struct TlsSettings<'a> {
    /// `smtps://` rather than `smtp://`.
    pub(in crate::provider) from_the_start: bool,
    pub(in crate::provider) tls: Option<TlsMode>,
    pub(in crate::provider) ca_file: Option<&'a [u8]>,
    pub(in crate::provider) certificate_sha256: &'a [String],
}

impl TlsSettings<'_> {
    /// The resulting TLS and trust. An error is the key at fault and what is wrong with it.
    pub(in crate::provider) fn parse(&self) -> Result<(Tls, CertificateTrust), (&'static str, &'static str)> {
        let trust = self.trust()?;
        let tls = match (self.from_the_start, self.tls) {
            (true, None | Some(TlsMode::Required)) => Tls::FromTheStart,
            (true, Some(_)) => {
                return Err(("tls", "must be left out beside smtps://, which is TLS from the start"));
            }
            (false, Some(TlsMode::None)) if !matches!(trust, CertificateTrust::Platform) => {
                return Err(("tls", "must not be none beside ca_file or certificate_sha256"));
            }
            (false, Some(TlsMode::None)) => Tls::Never,
            (false, Some(TlsMode::Required)) => Tls::Required,
            (false, Some(TlsMode::Opportunistic)) => Tls::WhenOffered,
            // A named certificate requires TLS, or it would never be checked.
            (false, None) if !matches!(trust, CertificateTrust::Platform) => Tls::Required,
            (false, None) => Tls::WhenOffered,
        };
        Ok((tls, trust))
    }

    fn trust(&self) -> Result<CertificateTrust, (&'static str, &'static str)> {
        match (self.ca_file, self.certificate_sha256) {
            (None, []) => Ok(CertificateTrust::Platform),
            (Some(pem), []) => {
                authorities(pem).map(CertificateTrust::Authorities).map_err(|why| ("ca_file", why))
            }
            (None, pins) => {
                let pins = pins.iter().map(|pin| Fingerprint::parse(pin)).collect::<Option<_>>();
                let why = "must be SHA-256 fingerprints: 64 hexadecimal digits each, with or without colons";
                pins.map(CertificateTrust::Pinned).ok_or(("certificate_sha256", why))
            }
            (Some(_), _) => Err(("certificate_sha256", "stands beside ca_file: give one of the two")),
        }
    }
}

fn authorities(pem: &[u8]) -> Result<Arc<RootCertStore>, &'static str> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| "names a file that is not PEM")?;
        roots.add(certificate).map_err(|_| "names a file with a certificate that cannot be read")?;
    }
    if roots.is_empty() { Err("names a file without a certificate in PEM") } else { Ok(Arc::new(roots)) }
}

impl fmt::Display for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FromTheStart => "TLS from the start",
            Self::Required => "STARTTLS, without which nothing is sent",
            Self::WhenOffered => "STARTTLS when offered, else in clear",
            Self::Never => "in clear on purpose",
        })
    }
}

impl fmt::Display for CertificateTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform => f.write_str("certificate by an authority that this machine trusts"),
            Self::Authorities(roots) => write!(f, "certificate by one of {} in ca_file", roots.len()),
            Self::Pinned(pins) => write!(f, "certificate one of {} in certificate_sha256", pins.len()),
        }
    }
}
