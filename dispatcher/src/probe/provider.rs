//! Looks at a provider: its host, its TLS, its log-in and its clock.

use chrono::{DateTime, Utc};
use domain::deliveries::Phase;

use super::host::host;
use super::{Dns, Finding, clock_finding};
use crate::provider::{EmailProvider, Failure, HttpAnswer, Provider, SendFailure, SmsProvider, hint};

/// Looks at a provider as its next message would meet it. Nothing is sent. `now` reads our clock.
pub async fn provider(provider: &Provider, dns: &Dns, now: impl Fn() -> DateTime<Utc>) -> Vec<Finding> {
    let check = format!("{}.{}", provider.channel(), provider.gate().name);
    match provider {
        Provider::Email(provider) => {
            let mut findings = vec![host(&check, provider.host().0, dns).await];
            findings.extend(email(&check, provider).await);
            findings
        }
        Provider::Sms(provider) => {
            let name = provider.address().host_str().unwrap_or_default().trim_matches(['[', ']']);
            let mut findings = vec![host(&check, name, dns).await];
            findings.extend(sms(&check, provider, now).await);
            findings
        }
    }
}

async fn email(check: &str, provider: &EmailProvider) -> Vec<Finding> {
    let log_in = match provider.log_in().await {
        Ok(log_in) => log_in,
        Err(failure) => return vec![failed(check, &failure)],
    };
    let tls = if log_in.is_encrypted {
        Finding::ok(format!("{check}.tls"), format!("TLS is agreed ({})", provider.protection()))
    } else {
        let seen = format!("mails travel in clear ({})", provider.protection());
        Finding::warning(
            format!("{check}.tls"),
            seen,
            "use a server that offers STARTTLS, or smtps://, unless the way to it is yours",
        )
    };
    let log_in = if log_in.has_credentials {
        Finding::ok(format!("{check}.log_in"), "the log-in works")
    } else {
        Finding::ok(format!("{check}.log_in"), "the server takes connections; url has no user to log in")
    };
    vec![tls, log_in]
}

async fn sms(check: &str, provider: &SmsProvider, now: impl Fn() -> DateTime<Utc>) -> Vec<Finding> {
    let asked_at = now();
    let answer = match provider.probe(asked_at).await {
        Ok(answer) => answer,
        Err(SendFailure::Unsent(failure)) => return vec![failed(check, &failure)],
        Err(other) => {
            let advice = "see whether base_url or request.url leads to the provider's API";
            return vec![Finding::fault(format!("{check}.log_in"), format!("no answer: {other}"), advice)];
        }
    };
    let clock = answer.date.map(|theirs| {
        // Half of the way there and back is a better guess than either end.
        let ours = asked_at + (now() - asked_at) / 2;
        clock_finding(format!("{check}.clock"), "the provider's clock", theirs, ours)
    });
    [tls_of(check, provider), log_in_of(check, answer)].into_iter().chain(clock).collect()
}

fn tls_of(check: &str, provider: &SmsProvider) -> Finding {
    let check = format!("{check}.tls");
    if provider.address().scheme() == "https" {
        return Finding::ok(check, "TLS is agreed");
    }
    Finding::warning(
        check,
        "messages and the account's secret travel in clear",
        "use https:// in base_url or request.url, unless the way to the provider is yours",
    )
}

fn log_in_of(check: &str, answer: HttpAnswer) -> Finding {
    let check = format!("{check}.log_in");
    let HttpAnswer { status, is_of_account, .. } = answer;
    match status {
        _ if !is_of_account => Finding::warning(
            check,
            format!(
                "cannot be known: the server answers (HTTP {status}), and nothing is described to log in to"
            ),
            "set request.check_url to an address that only the account may read, or try `provider test`",
        ),
        200..=299 => Finding::ok(check, format!("the log-in works (HTTP {status})")),
        401 | 403 => Finding::fault(
            check,
            format!("the provider refuses the account (HTTP {status})"),
            "see whether account and secret are right, and whether the account is active",
        ),
        _ => Finding::warning(
            check,
            format!("cannot be known: the provider answered HTTP {status}"),
            "see whether base_url, account or request.check_url are right, or try `provider test`",
        ),
    }
}

/// The part at which it ended, with its code and a library's words; the provider's own may name a person.
fn failed(check: &str, failure: &Failure) -> Finding {
    let part = match failure.cause.evidence.phase {
        Some(Phase::Tls) => "tls",
        Some(Phase::Auth) => "log_in",
        _ => "connection",
    };
    let words = failure.library_text().map(|text| format!(": {text}")).unwrap_or_default();
    let advice = hint::of_failure(failure).unwrap_or_else(|| advice(part));
    let seen = format!("{}{words}", failure.code());
    Finding::fault(format!("{check}.{part}"), seen, advice)
}

fn advice(part: &str) -> &'static str {
    match part {
        "log_in" => "see whether user and password in url are right, and whether the account is active",
        _ => "see what the server's log says of this machine's connection",
    }
}
