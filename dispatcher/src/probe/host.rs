//! Whether a provider's host has addresses.

use std::net::IpAddr;

use super::{Dns, Finding, dns::Answer};

/// What DNS says of a host.
pub(super) async fn host(check: &str, host: &str, dns: &Dns) -> Finding {
    let check = format!("{check}.dns");
    if host.parse::<IpAddr>().is_ok() || host == "localhost" {
        return Finding::ok(check, format!("{host} needs no DNS"));
    }
    match dns.addresses(host).await {
        Answer::Found(addresses) => Finding::ok(check, format!("{host} has {} address(es)", addresses.len())),
        Answer::Nothing => Finding::fault(
            check,
            format!("{host} is unknown to DNS"),
            "see whether the host is written right in the provider's url or base_url",
        ),
        Answer::Unanswered(why) => unanswered(check, &why),
    }
}

/// DNS says nothing, as without a network.
pub(super) fn unanswered(check: impl Into<String>, why: &str) -> Finding {
    Finding::warning(
        check,
        format!("cannot be known: DNS did not answer ({why})"),
        "this machine may be offline: see whether it reaches the server of /etc/resolv.conf or of dns.server",
    )
}
