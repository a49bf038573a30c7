//! Where e-mail goes: domains, the servers that take their mail, and how many messages a second these get.
//!
//! Domains whose mail the same servers take are an MX group, and share one limit: what a large mail host counts is what
//! arrives at its servers, whatever the domain. The group of a domain is read from its MX records.

mod groups;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

pub(crate) use self::groups::{Destination, Destinations};

/// How many domains can have a limit of their own.
const DOMAINS_MAX: usize = 100;
/// Stands for every other domain.
const OTHERS: &str = "*";
/// The most messages a second that can be configured.
const PER_SECOND_MAX: u32 = 1_000_000;

/// The e-mails a second that domains get.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DomainLimits {
    /// Of these domains, with those of their groups.
    by_domain: BTreeMap<String, NonZeroU32>,
    /// Of each other domain, with those of its group; none: no limit.
    others: Option<NonZeroU32>,
}

/// A limit that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongDomainLimits {
    /// The name is none.
    #[error("{0:?} is no domain: write it as in an address, or \"*\" for every other one")]
    NoDomain(String),
    /// The number is out of range.
    #[error("the limit of {0:?} must be from 1 to 1000000")]
    OutOfRange(String),
    /// There are too many.
    #[error("at most 100 domains can have a limit of their own")]
    TooMany,
}

impl DomainLimits {
    /// By domain in lower case, `*` for every other one.
    ///
    /// # Errors
    /// A name is no domain, a number out of range, or there are too many.
    pub fn try_new(limits: BTreeMap<String, u32>) -> Result<Self, WrongDomainLimits> {
        let mut checked = Self::default();
        for (domain, per_second) in limits {
            let rate = NonZeroU32::new(per_second).filter(|rate| rate.get() <= PER_SECOND_MAX);
            let rate = rate.ok_or_else(|| WrongDomainLimits::OutOfRange(domain.clone()))?;
            match domain.as_str() {
                OTHERS => checked.others = Some(rate),
                name if is_domain(name) => _ = checked.by_domain.insert(domain, rate),
                _ => return Err(WrongDomainLimits::NoDomain(domain)),
            }
        }
        if checked.by_domain.len() > DOMAINS_MAX {
            return Err(WrongDomainLimits::TooMany);
        }
        Ok(checked)
    }

    /// Whether no domain has a limit.
    pub fn is_empty(&self) -> bool {
        self.by_domain.is_empty() && self.others.is_none()
    }

    /// The domains with a limit of their own.
    fn domains(&self) -> impl Iterator<Item = &str> {
        self.by_domain.keys().map(String::as_str)
    }

    /// The limit of each group that a domain with a limit is in: the lowest, under the name of the first domain.
    fn by_group(
        &self,
        group_of: impl Fn(&str) -> Option<Arc<str>>,
    ) -> BTreeMap<Arc<str>, (&str, NonZeroU32)> {
        let mut by_group = BTreeMap::<Arc<str>, (&str, NonZeroU32)>::new();
        for (domain, rate) in &self.by_domain {
            if let Some(group) = group_of(domain) {
                let shared = by_group.entry(group).or_insert((domain, *rate));
                shared.1 = shared.1.min(*rate);
            }
        }
        by_group
    }

    /// The limit of a domain, with its group if that is known: the name that it is counted under, and the messages a second.
    fn of(
        &self,
        domain: &str,
        group: Option<&str>,
        by_group: &BTreeMap<Arc<str>, (&str, NonZeroU32)>,
    ) -> Option<(String, NonZeroU32)> {
        if let Some((first, rate)) = group.and_then(|group| by_group.get(group)) {
            return Some(((*first).to_owned(), *rate));
        }
        if let Some(rate) = self.by_domain.get(domain) {
            return Some((domain.to_owned(), *rate));
        }
        let name = group.map_or_else(|| domain.to_owned(), |group| format!("mx:{group}"));
        self.others.map(|rate| (name, rate))
    }
}

fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(is_label)
}

/// The group that a mail server stands for: its domain as it is registered. Of `mx1.empresa.com.co` that is `empresa.com.co`, by the rule of
/// thumb that a short label before a country's code is part of it.
fn group_of_host(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.').to_lowercase();
    let labels: Vec<&str> = host.split('.').filter(|label| !label.is_empty()).collect();
    let is_shared =
        |labels: &[&str]| matches!(labels, [.., second, country] if country.len() == 2 && second.len() <= 3);
    let kept = if is_shared(&labels) { 3 } else { 2 };
    (labels.len() >= 2).then(|| labels[labels.len().saturating_sub(kept)..].join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(limits: &[(&str, u32)]) -> Result<DomainLimits, WrongDomainLimits> {
        DomainLimits::try_new(limits.iter().map(|(domain, rate)| ((*domain).to_owned(), *rate)).collect())
    }

    fn group(domain: &str) -> Option<Arc<str>> {
        match domain {
            "gmail.com" | "googlemail.com" | "vigia.com" => Some("google.com".into()),
            "propio.com.co" => Some("propio.com.co".into()),
            _ => None,
        }
    }

    fn of(limits: &DomainLimits, domain: &str) -> Option<(String, u32)> {
        let by_group = limits.by_group(group);
        limits.of(domain, group(domain).as_deref(), &by_group).map(|(name, rate)| (name, rate.get()))
    }

    fn named(name: &str, rate: u32) -> Option<(String, u32)> {
        Some((name.to_owned(), rate))
    }

    #[test]
    fn domains_of_one_group_share_the_lowest_limit_of_theirs() {
        let limits = limits(&[("googlemail.com", 5), ("gmail.com", 20), ("otro.mx", 7)]).expect("limits");
        for domain in ["gmail.com", "googlemail.com", "vigia.com"] {
            assert_eq!(of(&limits, domain), named("gmail.com", 5), "{domain}");
        }
        assert_eq!(of(&limits, "otro.mx"), named("otro.mx", 7), "its group is not known");
        assert_eq!(of(&limits, "propio.com.co"), None);
    }

    #[test]
    fn every_other_domain_has_the_limit_of_the_star_with_those_of_its_group() {
        let limits = limits(&[("*", 3), ("otro.mx", 7)]).expect("limits");
        assert_eq!(of(&limits, "gmail.com"), named("mx:google.com", 3));
        assert_eq!(of(&limits, "nadie.pe"), named("nadie.pe", 3));
        assert_eq!(of(&limits, "otro.mx"), named("otro.mx", 7));
    }

    #[test]
    fn what_is_no_domain_or_no_limit_is_refused() {
        for wrong in ["gmail", "Gmail.com", "", "a..b", "@gmail.com", "*.com"] {
            assert_eq!(limits(&[(wrong, 1)]), Err(WrongDomainLimits::NoDomain(wrong.into())), "{wrong}");
        }
        for rate in [0, 1_000_001] {
            assert_eq!(limits(&[("*", rate)]), Err(WrongDomainLimits::OutOfRange("*".into())));
        }
        let many = (0..101).map(|number| (format!("d{number}.mx"), 1)).collect();
        assert_eq!(DomainLimits::try_new(many), Err(WrongDomainLimits::TooMany));
    }

    #[test]
    fn the_group_of_a_server_is_its_registered_domain() {
        for (host, group) in [
            ("gmail-smtp-in.l.google.com.", Some("google.com")),
            ("ASPMX.L.GOOGLE.COM", Some("google.com")),
            ("vigia-com.mail.protection.outlook.com", Some("outlook.com")),
            ("mx1.empresa.com.co", Some("empresa.com.co")),
            ("mx.correo.cl", Some("correo.cl")),
            ("localhost", None),
            (".", None),
        ] {
            assert_eq!(group_of_host(host).as_deref(), group, "{host}");
        }
    }
}
