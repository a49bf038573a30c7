//! Why TLS was not agreed, in words: the same for every transport.

use domain::deliveries::{Observation, Phase};
use rustls::{CertificateError, Error};

use super::failure::Failure;

/// A certificate that is not trusted will not mend itself. With the library's text.
pub(super) fn disagreed(error: &Error) -> Failure {
    let text = match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => other.0.to_string(),
        other => other.to_string(),
    };
    Failure::of_settings(Phase::Tls, seen(error)).with_text(&text)
}

fn seen(error: &Error) -> Observation {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, UnknownIssuer,
    };
    let Error::InvalidCertificate(certificate) = error else { return Observation::TlsFailed };
    match certificate {
        // The signature is bad where the authority has the name of one that is trusted, but another key.
        UnknownIssuer | BadSignature => Observation::CertificateUntrusted,
        NotValidForName | NotValidForNameContext { .. } => Observation::CertificateForOtherName,
        Expired | ExpiredContext { .. } => Observation::CertificateExpired,
        _ => Observation::CertificateUnusable,
    }
}

#[cfg(test)]
mod tests {
    use domain::deliveries::FailureClass;

    use super::*;

    #[test]
    fn each_fault_of_a_certificate_has_its_word_and_is_ours_to_mend() {
        let cases = [
            (CertificateError::UnknownIssuer, Observation::CertificateUntrusted),
            (CertificateError::BadSignature, Observation::CertificateUntrusted),
            (CertificateError::NotValidForName, Observation::CertificateForOtherName),
            (CertificateError::Expired, Observation::CertificateExpired),
            (CertificateError::Revoked, Observation::CertificateUnusable),
        ];
        for (error, word) in cases {
            let failure = disagreed(&Error::InvalidCertificate(error));
            assert_eq!((failure.class(), failure.seen()), (FailureClass::ConfigAuth, Some(word)));
        }
        assert_eq!(disagreed(&Error::DecryptError).seen(), Some(Observation::TlsFailed));
    }
}
