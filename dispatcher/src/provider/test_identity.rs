//! A TLS server's identity, for the tests of every transport.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;

/// A server's certificate that no machine trusts by itself.
pub(super) struct Identity {
    pub(super) acceptor: TlsAcceptor,
    /// The authority's certificate in PEM; the server's own, if it signed itself.
    pub(super) authority: Vec<u8>,
    /// The SHA-256 of the server's certificate, as openssl prints it.
    pub(super) fingerprint: String,
}

impl Identity {
    /// Of a company with an authority of its own.
    pub(super) fn of_company(host: &str) -> Self {
        let mut params = CertificateParams::new([]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().expect("a key");
        let authority = params.self_signed(&authority_key).expect("an authority");
        let issuer = Issuer::new(params, authority_key);
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([host.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        Self::new(certificate.der().clone(), &key, authority.der())
    }

    /// That is its own authority, as most tools make it.
    pub(super) fn self_signed(host: &str) -> Self {
        let mut params = CertificateParams::new([host.to_owned()]).expect("a name");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self::new(certificate.der().clone(), &key, certificate.der())
    }

    fn new(certificate: CertificateDer<'static>, key: &KeyPair, authority: &CertificateDer<'_>) -> Self {
        let hexadecimal: Vec<_> =
            Sha256::digest(&certificate).iter().map(|byte| format!("{byte:02X}")).collect();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let server =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_no_client_auth()
                .with_single_cert(vec![certificate], key)
                .expect("an identity");
        Self {
            acceptor: TlsAcceptor::from(Arc::new(server)),
            authority: pem(authority),
            fingerprint: hexadecimal.join(":"),
        }
    }
}

fn pem(certificate: &CertificateDer<'_>) -> Vec<u8> {
    let body = BASE64_STANDARD.encode(certificate);
    let lines: Vec<_> =
        body.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n")).into_bytes()
}
