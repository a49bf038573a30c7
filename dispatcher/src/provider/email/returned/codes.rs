//! The codes of a failure as reports have them, and their meaning.

use domain::deliveries::{Cause, Evidence, FailureClass, Phase};

use crate::provider::email::reply::{Enhanced, class_of_report, meaning_of_report};

/// The codes that a report names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Codes {
    /// The reply of a server, such as 550.
    pub(super) reply: Option<u16>,
    /// The enhanced status code (RFC 3463), such as 5.1.1: its class and the rest.
    pub(super) enhanced: Option<(u16, Enhanced)>,
}

impl Codes {
    /// Those of a `Status` field. `5.0.0` says nothing but that it failed.
    pub(super) fn of_status(status: &str) -> Self {
        let word = status.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
        Self { reply: None, enhanced: enhanced(word) }
    }

    /// Those of a server's reply, which may stand within other words: the first code of three digits, and the first enhanced
    /// one of the same class after it or behind a number sign.
    pub(super) fn of_reply(text: &str) -> Self {
        let mut codes = Self::default();
        for (separator, word) in words(text) {
            match (reply(word), enhanced(word)) {
                (Some(found), _) if codes.reply.is_none() && begins(separator) => codes.reply = Some(found),
                (_, Some(found)) if codes.is_of_the_class(found, separator) => {
                    codes.enhanced = Some(found);
                    break;
                }
                _ => {}
            }
        }
        codes
    }

    fn is_of_the_class(&self, (class, _): (u16, Enhanced), separator: &str) -> bool {
        match self.reply {
            Some(reply) => reply / 100 == class,
            None => separator.ends_with('#') || separator.is_empty(),
        }
    }

    /// These, and what they lack of others of the same class.
    pub(super) fn or(self, other: Self) -> Self {
        let agrees = |(class, _): &(u16, Enhanced)| self.reply.is_none_or(|reply| reply / 100 == *class);
        Self { reply: self.reply.or(other.reply), enhanced: self.enhanced.or(other.enhanced.filter(agrees)) }
    }

    /// Whether they say that the mail was given up.
    pub(super) fn are_final(&self) -> bool {
        const PERMANENT: u16 = 5;
        self.enhanced.map(|(class, _)| class).or(self.reply.map(|reply| reply / 100)) == Some(PERMANENT)
    }

    fn words(self) -> Option<String> {
        let enhanced = self.enhanced.map(|(class, code)| format!("{class}.{code}"));
        let words: Vec<String> =
            self.reply.map(|reply| reply.to_string()).into_iter().chain(enhanced).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }
}

/// The cause of a bounce. What no code explains says nothing of the address.
pub(super) fn cause(codes: Codes) -> Cause {
    let (reply, enhanced) = (codes.reply, codes.enhanced);
    let class = match (reply, enhanced) {
        (None, None) => FailureClass::Unknown,
        _ => class_of_report(reply, enhanced),
    };
    let observed = enhanced.and_then(|(_, enhanced)| meaning_of_report(enhanced));
    Cause { class, evidence: Evidence { phase: Some(Phase::Report), code: codes.words(), observed } }
}

/// The words of digits and dots in a text, each with what stands before it.
fn words(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_of_word = |c: char| c.is_ascii_digit() || c == '.';
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(is_of_word)?;
        let (separator, tail) = rest.split_at(start);
        let end = tail.find(|c| !is_of_word(c)).unwrap_or(tail.len());
        rest = &tail[end..];
        Some((separator, tail[..end].trim_end_matches('.')))
    })
}

/// Whether a reply may begin here: first of all, or after the words that introduce one.
fn begins(separator: &str) -> bool {
    let introduced = separator.trim_end();
    introduced.is_empty() || introduced.ends_with([':', ';', '<', '(', '"'])
}

fn reply(word: &str) -> Option<u16> {
    const DIGITS: usize = 3;
    let code = word.parse().ok().filter(|_| word.len() == DIGITS)?;
    (400..600).contains(&code).then_some(code)
}

fn enhanced(word: &str) -> Option<(u16, Enhanced)> {
    let mut parts = word.split('.').map(|part| part.parse::<u16>().ok().filter(|part| *part < 1_000));
    let (class, subject, detail) = (parts.next()??, parts.next()??, parts.next()??);
    let is_whole = parts.next().is_none() && matches!(class, 4 | 5);
    is_whole.then_some((class, Enhanced { subject, detail }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Option<String> {
        Codes::of_reply(text).words()
    }

    #[test]
    fn codes_are_found_within_the_words_of_servers() {
        for (text, expected) in [
            ("550 5.1.1 <ana@example.com>: Recipient address rejected", "550 5.1.1"),
            ("550-5.1.1 The email account that you tried to reach does not exist.", "550 5.1.1"),
            ("Remote host said: 553 sorry, no mailbox here by that name. (#5.7.1)", "553 5.7.1"),
            ("Sorry, no mailbox here by that name. (#5.1.1)", "5.1.1"),
            ("host mx.example.com [192.0.2.7] said: 550 No such user", "550"),
            ("<<< 550 5.1.1 User unknown", "550 5.1.1"),
            ("550 4.4.1 of another class", "550"),
            ("5.1.1", "5.1.1"),
        ] {
            assert_eq!(said(text).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["", "size 512 exceeded", "192.0.2.7", "version 5.1.1", "250 2.0.0 Ok", "5.1", "in 450 days"]
        {
            assert_eq!(said(text), None, "{text}");
        }
    }

    #[test]
    fn a_refusal_by_policy_is_never_about_the_address() {
        for text in ["550 5.7.1 Rejected", "556 5.7.1 No", "553 no (#5.7.1)", "551 5.7.26 Unauthenticated"] {
            assert_eq!(cause(Codes::of_reply(text)).class, FailureClass::PolicyReputation, "{text}");
        }
    }
}
