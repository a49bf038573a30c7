//! The providers: DNS, TLS, log-in and clock of each, and the domains of the senders.

use std::collections::BTreeSet;

use commands::clock;
use dispatcher::probe::{self, Dns, Finding};
use dispatcher::provider::{EmailProvider, Provider};
use domain::value::Channel;

use super::within;
use crate::config::Config;
use crate::system::probed;

/// Looks at every configured provider.
pub(crate) async fn providers(config: &Config) -> Vec<Finding> {
    let dns = match Dns::try_new(config.dns.server) {
        Ok(dns) => dns,
        Err(error) => {
            let advice = "see /etc/resolv.conf, or set dns.server";
            return vec![Finding::warning("dns.server", error.to_string(), advice)];
        }
    };
    let (mut findings, mut providers) = (Vec::new(), Vec::new());
    for provider in probed(config) {
        match provider {
            Ok(provider) => providers.push(provider),
            Err(error) => {
                let check = format!("{}.{}.settings", error.channel, error.name);
                findings.push(Finding::fault(
                    check,
                    format!("{} {}", error.key, error.reason),
                    "correct this key in the configuration file, or its variable MENSAJERIA__…",
                ));
            }
        }
    }
    findings.extend(missing(config));
    for provider in &providers {
        let check = format!("{}.{}", provider.channel(), provider.gate().name);
        findings.extend(within(&check, probe::provider(provider, &dns, clock::now)).await);
    }
    for (domain, selector) in senders(&providers) {
        let check = format!("sender.{domain}");
        findings.extend(within(&check, probe::sender_domain(&domain, selector.as_deref(), &dns)).await);
    }
    for domain in return_domains(&providers) {
        let check = format!("return_path.{domain}");
        findings.extend(within(&check, probe::return_domain(&domain, &dns)).await);
    }
    findings.extend(of_mail(&providers).map(return_path));
    findings.extend(public_url(config));
    findings
}

/// Whether anything is learned of bounces.
fn return_path(provider: &EmailProvider) -> Finding {
    let check = format!("email.{}.return_path", provider.gate().name);
    match provider.return_path() {
        Some(path) => Finding::ok(check, format!("bounces come to a mailbox at {}", path.domain())),
        None => Finding::warning(
            check,
            "bounces come to the sender's own address, and nothing is learned of them",
            "set return_path, and let your mail server bring to us what comes to it (docs/OPERATIONS.md)",
        ),
    }
}

/// Without it some things are left out in silence. `serve` does not start without it.
fn public_url(config: &Config) -> Option<Finding> {
    config.server.public_url.is_none().then(|| {
        Finding::warning(
            "server.public_url",
            "mails have no link to unsubscribe, and no SMS provider is asked for receipts",
            "set server.public_url to the https address of the gateway",
        )
    })
}

fn missing(config: &Config) -> Vec<Finding> {
    let is_missing = [
        (Channel::Email, config.email_providers.is_empty()),
        (Channel::Sms, config.sms_providers.is_empty()),
    ];
    let missing = is_missing.into_iter().filter(|(_, is_missing)| *is_missing);
    missing
        .map(|(channel, _)| {
            Finding::warning(
                format!("{channel}.providers"),
                "no provider is configured: `serve` keeps what it should send, and `dev` simulates it",
                format!("configure [[{channel}.providers]] if this channel is to be used"),
            )
        })
        .collect()
}

fn of_mail(providers: &[Provider]) -> impl Iterator<Item = &EmailProvider> {
    providers.iter().filter_map(|provider| match provider {
        Provider::Email(provider) => Some(provider),
        Provider::Sms(_) => None,
    })
}

/// The domains of return paths that are no sender's, which is looked at anyway.
fn return_domains(providers: &[Provider]) -> BTreeSet<String> {
    let senders: BTreeSet<_> = senders(providers).into_iter().map(|(domain, _)| domain).collect();
    let domains = of_mail(providers).filter_map(EmailProvider::return_path);
    domains
        .map(|path| path.domain().to_ascii_lowercase())
        .filter(|domain| !senders.contains(domain))
        .collect()
}

/// Each sender's domain once, with each selector of its keys.
fn senders(providers: &[Provider]) -> BTreeSet<(String, Option<String>)> {
    of_mail(providers)
        .map(|provider| {
            (provider.sender_domain().to_ascii_lowercase(), provider.dkim_selector().map(str::to_owned))
        })
        .collect()
}
