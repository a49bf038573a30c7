//! The extensions that a server offers in its reply to EHLO.

use super::wire::Reply;

/// The service extensions of a server; none, if it knows HELO only.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    /// Keyword and parameters each, in capitals: neither has a case (RFC 5321 4.1.1.1 and 2.4, RFC 4954 section 4).
    lines: Vec<String>,
}

impl Extensions {
    /// The first line greets, the others each offer something.
    pub(super) fn of(reply: &Reply) -> Self {
        Self { lines: reply.lines().skip(1).map(str::to_ascii_uppercase).collect() }
    }

    pub(super) fn offer(&self, keyword: &str) -> bool {
        self.lines.iter().any(|line| words(line).next() == Some(keyword))
    }

    /// Whether one may log in by this mechanism.
    pub(super) fn authenticate_by(&self, mechanism: &str) -> bool {
        self.lines.iter().any(|line| {
            let mut words = words(line);
            words.next() == Some("AUTH") && words.any(|offered| offered == mechanism)
        })
    }
}

/// A keyword and its parameters. `AUTH=PLAIN LOGIN` is how servers wrote it before there was a standard.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split([' ', '\t', '=', ',']).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(lines: &str) -> Extensions {
        Extensions::of(&Reply::new(250, &format!("mail.example\n{lines}")))
    }

    #[test]
    fn a_keyword_is_found_in_any_case_and_with_any_parameters() {
        for lines in ["STARTTLS", "starttls", "StartTLS", "SIZE 1000\nstarttls", " STARTTLS ", "STARTTLS now"]
        {
            assert!(offered(lines).offer("STARTTLS"), "{lines}");
        }
        for lines in ["", "STARTTLSX", "X-STARTTLS", "HELP STARTTLS"] {
            assert!(!offered(lines).offer("STARTTLS"), "{lines}");
        }
    }

    #[test]
    fn a_servers_name_is_no_keyword() {
        assert!(!Extensions::of(&Reply::new(250, "PIPELINING")).offer("PIPELINING"));
    }

    #[test]
    fn a_mechanism_is_found_in_any_case_and_in_the_old_form() {
        for lines in [
            "AUTH PLAIN LOGIN",
            "auth PLAIN",
            "AUTH plain",
            "AUTH=PLAIN LOGIN",
            "AUTH LOGIN\nAUTH=PLAIN",
            "AUTH CRAM-MD5\tPLAIN",
            "AUTH = plain",
        ] {
            assert!(offered(lines).authenticate_by("PLAIN"), "{lines}");
        }
        for lines in ["AUTH", "AUTH LOGIN", "AUTH PLAIN-CLIENTTOKEN", "PLAIN", "XAUTH PLAIN"] {
            assert!(!offered(lines).authenticate_by("PLAIN"), "{lines}");
        }
    }
}
