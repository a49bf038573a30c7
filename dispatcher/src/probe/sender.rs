//! What DNS says of the domain of a sender: whether it takes bounces, and whether receivers can tell its mail from a forger's.

use super::{Dns, Finding, dns::Answer, host::unanswered};

/// Looks at the domain of a sender's address. `selector` is that of its DKIM key.
pub async fn sender_domain(domain: &str, selector: Option<&str>, dns: &Dns) -> Vec<Finding> {
    let of = |what: &str| format!("sender.{domain}.{what}");
    let (mx, spf, dmarc, dkim) = tokio::join!(
        mx(of("mx"), domain, dns),
        spf(of("spf"), domain, dns),
        dmarc(of("dmarc"), domain, dns),
        dkim(of("dkim"), domain, selector, dns),
    );
    vec![mx, spf, dkim, dmarc]
}

/// Looks at the domain that bounces come to: the envelope's sender, whose SPF receivers check.
pub async fn return_domain(domain: &str, dns: &Dns) -> Vec<Finding> {
    let of = |what: &str| format!("return_path.{domain}.{what}");
    let (mx, spf) = tokio::join!(mx(of("mx"), domain, dns), spf(of("spf"), domain, dns));
    vec![mx, spf]
}

async fn mx(check: String, domain: &str, dns: &Dns) -> Finding {
    const ADVICE: &str = "publish an MX record: bounces come to the sender's domain, and many servers refuse mail from \
                          a domain that takes none";
    match dns.mail_servers(domain).await {
        // RFC 7505.
        Answer::Found(hosts) if hosts.iter().all(|host| host == ".") => {
            Finding::fault(check, "its MX says that the domain takes no mail", ADVICE)
        }
        Answer::Found(hosts) => Finding::ok(check, format!("mail for it goes to {}", hosts.join(", "))),
        Answer::Nothing => match dns.addresses(domain).await {
            Answer::Found(_) => Finding::warning(check, "it has no MX, only an address", ADVICE),
            Answer::Nothing => Finding::fault(check, "it has no MX and no address", ADVICE),
            Answer::Unanswered(why) => unanswered(check, &why),
        },
        Answer::Unanswered(why) => unanswered(check, &why),
    }
}

async fn spf(check: String, domain: &str, dns: &Dns) -> Finding {
    match dns.texts(domain).await {
        Answer::Found(texts) => judge_spf(check, &of_version(texts, "v=spf1")),
        Answer::Nothing => judge_spf(check, &[]),
        Answer::Unanswered(why) => unanswered(check, &why),
    }
}

/// RFC 7208.
fn judge_spf(check: String, records: &[String]) -> Finding {
    let [record] = records else {
        return match records.len() {
            0 => Finding::fault(
                check,
                "it has no SPF record",
                "publish a TXT record such as `v=spf1 include:… -all` that names the servers of your provider",
            ),
            several => Finding::fault(
                check,
                format!("it has {several} SPF records, so that receivers believe none"),
                "leave one TXT record that begins with v=spf1",
            ),
        };
    };
    let words: Vec<String> = record.split_whitespace().map(str::to_ascii_lowercase).collect();
    let all = words.iter().find_map(|word| word.strip_suffix("all").filter(|sign| sign.len() <= 1));
    const CLOSE: &str = "end it with -all, or ~all while you try it out";
    match all {
        Some("-" | "~") => Finding::ok(check, format!("SPF ends with {}all", all.unwrap_or_default())),
        Some("" | "+") => Finding::fault(check, "SPF ends with +all: everybody may send in its name", CLOSE),
        Some(_) => Finding::warning(check, "SPF ends with ?all, which says nothing of others", CLOSE),
        None if words.iter().any(|word| word.starts_with("redirect=")) => {
            Finding::ok(check, "SPF leaves the rest to another domain's (redirect)")
        }
        None => Finding::warning(
            check,
            "SPF has no `all`: of servers that it does not name it says nothing",
            CLOSE,
        ),
    }
}

async fn dmarc(check: String, domain: &str, dns: &Dns) -> Finding {
    // A domain without a policy of its own has that of its organisation. Each level is asked, which no list need know.
    let mut name = domain;
    loop {
        match dns.texts(&format!("_dmarc.{name}")).await {
            Answer::Found(texts) => {
                let records = of_version(texts, "v=DMARC1");
                if !records.is_empty() {
                    return judge_dmarc(check, &records);
                }
            }
            Answer::Nothing => {}
            Answer::Unanswered(why) => return unanswered(check, &why),
        }
        match name.split_once('.') {
            Some((_, parent)) if parent.contains('.') => name = parent,
            _ => return judge_dmarc(check, &[]),
        }
    }
}

/// RFC 7489.
fn judge_dmarc(check: String, records: &[String]) -> Finding {
    const ADVICE: &str = "publish a TXT record at _dmarc such as `v=DMARC1; p=quarantine; rua=mailto:…`: large receivers \
                          refuse mail to many without one";
    match records {
        [] => Finding::warning(check, "it has no DMARC record", ADVICE),
        [record] => match tag(record, "p") {
            Some(policy @ ("none" | "quarantine" | "reject")) => {
                Finding::ok(check, format!("DMARC asks for p={policy}"))
            }
            _ => Finding::fault(check, "its DMARC record has no policy (p=)", ADVICE),
        },
        _ => Finding::fault(check, "it has several DMARC records, so that receivers believe none", ADVICE),
    }
}

async fn dkim(check: String, domain: &str, selector: Option<&str>, dns: &Dns) -> Finding {
    let Some(selector) = selector else {
        return Finding::warning(
            check,
            "cannot be known: the key's selector is not configured",
            "set dkim_selector of the provider to the s= of the DKIM-Signature that its mails have",
        );
    };
    match dns.texts(&format!("{selector}._domainkey.{domain}")).await {
        Answer::Found(texts) => judge_dkim(check, selector, &texts),
        Answer::Nothing => judge_dkim(check, selector, &[]),
        Answer::Unanswered(why) => unanswered(check, &why),
    }
}

/// RFC 6376 3.6.1.
fn judge_dkim(check: String, selector: &str, texts: &[String]) -> Finding {
    const ADVICE: &str =
        "publish the key that your mail server or provider signs with, or correct dkim_selector";
    match texts.iter().find_map(|text| tag(text, "p")) {
        Some("") => Finding::fault(check, format!("the DKIM key {selector} is revoked"), ADVICE),
        Some(_) => Finding::ok(check, format!("the DKIM key {selector} is published")),
        None => Finding::fault(check, format!("there is no DKIM key {selector}"), ADVICE),
    }
}

/// The records that begin with a version.
fn of_version(texts: Vec<String>, version: &str) -> Vec<String> {
    let begins = |text: &String| {
        text.get(..version.len()).is_some_and(|start| start.eq_ignore_ascii_case(version))
            && text[version.len()..].chars().next().is_none_or(|next| next == ' ' || next == ';')
    };
    texts.into_iter().filter(begins).collect()
}

/// A tag's value: `p=none` of `v=DMARC1; p=none`.
fn tag<'a>(record: &'a str, name: &str) -> Option<&'a str> {
    let tags = record.split(';').filter_map(|tag| tag.split_once('='));
    tags.map(|(its, value)| (its.trim(), value.trim())).find(|(its, _)| *its == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Level::{self, Fault, Ok, Warning};

    fn spf(records: &[&str]) -> Level {
        let texts = records.iter().map(|&text| text.to_owned()).collect();
        judge_spf(String::new(), &of_version(texts, "v=spf1")).level
    }

    #[test]
    fn spf_names_who_may_send_and_closes_with_all() {
        assert_eq!(spf(&["v=spf1 include:_spf.example.com -all", "google-site-verification=x"]), Ok);
        assert_eq!(spf(&["V=SPF1 mx ~ALL"]), Ok);
        assert_eq!(spf(&["v=spf1 redirect=_spf.example.com"]), Ok);
        assert_eq!(spf(&["v=spf1 mx"]), Warning);
        assert_eq!(spf(&["v=spf1 include:small"]), Warning, "`all` is a word, not an ending");
        assert_eq!(spf(&["v=spf1 mx ?all"]), Warning);
        assert_eq!([spf(&["v=spf1 all"]), spf(&["v=spf1 +all"])], [Fault; 2]);
        assert_eq!([spf(&[]), spf(&["v=spf10 -all"]), spf(&["x", ""])], [Fault; 3]);
        assert_eq!(spf(&["v=spf1 -all", "v=spf1 mx -all"]), Fault);
    }

    #[test]
    fn dmarc_has_one_record_with_a_policy() {
        let level = |records: &[&str]| {
            let texts = records.iter().map(|&text| text.to_owned()).collect();
            judge_dmarc(String::new(), &of_version(texts, "v=DMARC1")).level
        };
        assert_eq!(level(&["v=DMARC1; p=none; rua=mailto:a@b.co"]), Ok);
        assert_eq!(level(&["v=DMARC1;p=reject"]), Ok);
        assert_eq!(level(&[]), Warning);
        assert_eq!([level(&["v=DMARC1; sp=none"]), level(&["v=DMARC1; p=maybe"])], [Fault; 2]);
        assert_eq!(level(&["v=DMARC1; p=none", "v=DMARC1; p=reject"]), Fault);
    }

    #[test]
    fn a_dkim_key_is_published_and_not_revoked() {
        let level = |texts: &[&str]| {
            let texts: Vec<_> = texts.iter().map(|&text| text.to_owned()).collect();
            judge_dkim(String::new(), "s1", &texts).level
        };
        assert_eq!(level(&["v=DKIM1; k=rsa; p=MIGf"]), Ok);
        assert_eq!([level(&["v=DKIM1; p="]), level(&["hello"]), level(&[])], [Fault; 3]);
    }
}
