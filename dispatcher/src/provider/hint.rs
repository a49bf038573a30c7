//! Hints for operators about failures of our own settings. They go to logs, never to events.

use domain::deliveries::{Observation, Phase};

use super::failure::Failure;

/// The advice to an operator who tries a provider and waits for its answer. None: only the provider can repair the failure.
pub fn of_failure(failure: &Failure) -> Option<&'static str> {
    match (failure.cause.evidence.phase, failure.seen()?) {
        (Some(Phase::Greeting), Observation::NoAnswer) => Some(
            "the server takes the connection and does not greet: if its port begins with TLS, as 465 does, begin url with \
             smtps://",
        ),
        (
            Some(Phase::Connect | Phase::Tls | Phase::Http) | None,
            Observation::Unreachable | Observation::NoAnswer,
        ) => {
            Some("see whether host and port are right, and whether a firewall lets this machine out to them")
        }
        (_, observed) => of(observed),
    }
}

/// The hint, with the keys of the configuration. None: only the provider can repair the failure.
pub(crate) const fn of(observed: Observation) -> Option<&'static str> {
    Some(match observed {
        Observation::TlsFailed => {
            "see whether url or base_url has the right scheme and port, and what the server's log says"
        }
        Observation::CertificateUntrusted => {
            "have this machine trust the authority of the server's certificate; for mail, name the authority in ca_file or \
             the certificate itself in certificate_sha256"
        }
        Observation::CertificateForOtherName => {
            "use the name of the server's certificate in url or base_url; for mail, certificate_sha256 can name the \
             certificate instead"
        }
        Observation::CertificateExpired => {
            "have the server's certificate renewed; for mail, certificate_sha256 can name it as it is"
        }
        Observation::CertificateDiffers => {
            "add the certificate to certificate_sha256 if the server has a new one"
        }
        Observation::CertificateUnusable => {
            "have the server's certificate replaced; for mail, certificate_sha256 can name it as it is"
        }
        Observation::TrustUnreadable => "name the authority of the server's certificate in ca_file",
        Observation::TlsNotOffered | Observation::AuthUnprotected => {
            "mend the server's STARTTLS, or use smtps:// in url"
        }
        Observation::TlsWithdrawn => {
            "mend the server's STARTTLS, or set tls = \"none\" if mail is to be sent to it in clear"
        }
        Observation::AuthNotOffered => {
            "see whether url has the right port, or leave user and password out of it: the server offers neither \
             AUTH PLAIN nor AUTH LOGIN"
        }
        Observation::AnswerUnasked => {
            "the server spoke before it was asked: see whether a proxy or an attacker stands in between"
        }
        Observation::SettingsUnusable => {
            "see whether url, base_url and the credentials are written as documented"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_not_believed_has_a_hint_that_names_a_key() {
        let keys = ["ca_file", "certificate_sha256", "url"];
        let seen = Observation::ALL.iter().filter(|seen| seen.as_str().starts_with("certificate"));
        for seen in seen {
            let hint = of(*seen).unwrap_or_default();
            assert!(keys.iter().any(|key| hint.contains(key)), "{seen}");
        }
    }

    #[test]
    fn a_failure_that_only_the_provider_can_mend_has_no_hint() {
        assert_eq!((of(Observation::Closed), of(Observation::NoAnswer)), (None, None));
    }
}
