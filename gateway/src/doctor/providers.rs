//! The providers: DNS, TLS, log-in and clock of each, and the domains of the senders.

use std::collections::BTreeSet;

use commands::clock;
use dispatcher::probe::{self, Dns, Finding};
use dispatcher::provider::Provider;
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
                    "correct the key",
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
    findings
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

/// Each sender's domain once, with each selector of its keys.
fn senders(providers: &[Provider]) -> BTreeSet<(String, Option<String>)> {
    let of_mail = providers.iter().filter_map(|provider| match provider {
        Provider::Email(provider) => Some(provider),
        Provider::Sms(_) => None,
    });
    of_mail
        .map(|provider| {
            (provider.sender_domain().to_ascii_lowercase(), provider.dkim_selector().map(str::to_owned))
        })
        .collect()
}
