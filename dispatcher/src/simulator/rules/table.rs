//! The addresses that do not simply accept, for people who try the program out.

use domain::value::Channel;

use super::Refusal;

/// One address or number that the README names.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The channel.
    pub channel: Channel,
    /// The mail's local part, alone or before a sign or digit (`rebota@`, `rebota+7@`), or the number's ending.
    pub pattern: &'static str,
    /// What happens.
    pub kind: RuleKind,
}

/// What a row of the table does; times and waits come from the options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleKind {
    /// See [`super::Behaviour::Refuse`].
    Refused(Refusal),
    /// See [`super::Behaviour::RefuseFirst`].
    Busy(Refusal),
    /// See [`super::Behaviour::RefuseBody`].
    RefusedBody(Refusal),
    /// See [`super::Behaviour::Slow`].
    Slow,
    /// See [`super::Behaviour::AcceptThenCut`].
    AcceptedThenCut,
    /// See [`super::Behaviour::AcceptUndelivered`].
    Undelivered(u32),
    /// See [`super::Behaviour::CutUnaccepted`].
    Lost,
}

/// Every address that does not simply accept.
pub const RULES: [Rule; 17] = [
    email("rebota", RuleKind::Refused(Refusal::mail(550, "5.1.1 Mailbox does not exist"))),
    email("ocupado", RuleKind::Busy(Refusal::mail(451, "4.3.2 Server is busy, try again later"))),
    email("gris", RuleKind::Busy(Refusal::mail(451, "4.7.1 Greylisted, try again later"))),
    email("lleno", RuleKind::Refused(Refusal::mail(452, "4.2.2 Mailbox is full"))),
    email("spam", RuleKind::RefusedBody(Refusal::mail(554, "5.6.0 Message looks like spam"))),
    email("lento", RuleKind::Slow),
    email("corta", RuleKind::AcceptedThenCut),
    email("pierde", RuleKind::Lost),
    sms("0001", RuleKind::Refused(Refusal::sms(400, 21211, "Invalid 'To' Phone Number"))),
    sms("0002", RuleKind::Busy(Refusal::sms(429, 20429, "Too Many Requests"))),
    sms("0003", RuleKind::Slow),
    sms("0004", RuleKind::AcceptedThenCut),
    sms("0005", RuleKind::Refused(Refusal::sms(400, 21610, "Attempt to send to unsubscribed recipient"))),
    sms("0006", RuleKind::Lost),
    sms("0007", RuleKind::Undelivered(30003)),
    sms("0008", RuleKind::Undelivered(30005)),
    sms("0009", RuleKind::Undelivered(30006)),
];

const fn email(pattern: &'static str, kind: RuleKind) -> Rule {
    Rule { channel: Channel::Email, pattern, kind }
}

const fn sms(pattern: &'static str, kind: RuleKind) -> Rule {
    Rule { channel: Channel::Sms, pattern, kind }
}

impl Rule {
    /// Whether the row is about this address.
    pub(super) fn is_for(&self, address: &str) -> bool {
        match self.channel {
            Channel::Sms => address.ends_with(self.pattern),
            Channel::Email => {
                let Some((start, rest)) = address.split_at_checked(self.pattern.len()) else {
                    return false;
                };
                start.eq_ignore_ascii_case(self.pattern) && !rest.starts_with(char::is_alphabetic)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_names_every_address_that_does_not_simply_accept() {
        let readme = include_str!("../../../../README.md");
        for rule in RULES {
            let named = match rule.channel {
                Channel::Email => format!("`{}@…`", rule.pattern),
                Channel::Sms => format!("`{}`", rule.pattern),
            };
            assert!(readme.contains(&named), "{named}");
        }
    }
}
