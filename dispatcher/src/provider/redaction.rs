//! Removes personal data from texts of providers. The texts go into events, which remain after a person is erased.

/// The longest provider text that is kept, in characters.
pub(super) const MAX_TEXT: usize = 500;

/// A provider's text as it is kept: one line, bounded, e-mail addresses and phone numbers blanked, since refusals
/// often repeat them.
pub(super) fn provider_text(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len().min(MAX_TEXT));
    for word in raw.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(if is_personal(word) { BLANK } else { word });
    }
    bounded(text)
}

/// A provider's text without the recipient's address or number, in any form in which the text repeats it.
pub(super) fn without_recipient(text: &str, recipient: &str) -> String {
    if !repeats(text, recipient) {
        return text.to_owned();
    }
    let words = text.split_whitespace().map(|word| if repeats(word, recipient) { BLANK } else { word });
    let kept = words.collect::<Vec<_>>().join(" ");
    // The number may be spread over several words.
    if repeats(&kept, recipient) { BLANK.to_owned() } else { kept }
}

/// The replacement for personal data.
const BLANK: &str = "…";
/// So many last digits identify a number. Those before are the country's and the area's, which a text may leave out.
const TELLING_DIGITS: usize = 7;
/// A mailbox of fewer letters is no name, and is a word of many texts.
const TELLING_LETTERS: usize = 2;

fn repeats(text: &str, recipient: &str) -> bool {
    let plain = percent_encoding::percent_decode_str(text).decode_utf8_lossy().to_lowercase();
    if recipient.contains('@') {
        return forms(recipient).any(|form| plain.contains(&form))
            || mailboxes(recipient).any(|mailbox| has_word(&plain, &mailbox));
    }
    let number = digits(recipient);
    let telling = &number[number.len().saturating_sub(TELLING_DIGITS)..];
    !telling.is_empty() && digits(&plain).contains(telling)
}

/// An address as texts repeat it, in lower case: as written and with its domain in punycode, each also in the form of
/// bounce addresses, ana=example.com.
fn forms(recipient: &str) -> impl Iterator<Item = String> {
    let forms = [Some(recipient.to_lowercase()), in_punycode(recipient)];
    forms.into_iter().flatten().flat_map(|form| [form.replacen('@', "=", 1), form])
}

/// What an address's own server may call the mailbox, in lower case: the part before the domain, with and without its tag
/// (RFC 5233).
fn mailboxes(recipient: &str) -> impl Iterator<Item = String> {
    let local = recipient.rsplit_once('@').map_or(recipient, |(local, _)| local).to_lowercase();
    let untagged = local.split_once('+').map(|(mailbox, _)| mailbox.to_owned());
    [Some(local), untagged].into_iter().flatten().filter(|name| name.chars().count() >= TELLING_LETTERS)
}

/// Whether the word stands in the text with no letter or digit beside it.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, _)| {
        let (before, after) = (text[..start].chars().next_back(), text[start + word.len()..].chars().next());
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

fn in_punycode(recipient: &str) -> Option<String> {
    let (user, domain) = recipient.rsplit_once('@').filter(|(_, domain)| !domain.is_ascii())?;
    match url::Host::parse(domain) {
        Ok(url::Host::Domain(ascii)) => Some(format!("{user}@{ascii}").to_lowercase()),
        _ => None,
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn bounded(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
        text.truncate(end);
    }
    text
}

fn is_personal(word: &str) -> bool {
    const PHONE_DIGITS: usize = 7;
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let only_phone_signs = word.chars().all(|c| c.is_ascii_digit() || "+-().,;:'\"<>[]".contains(c));
    word.contains('@') || (digits >= PHONE_DIGITS && only_phone_signs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_text_names_no_person() {
        let raw =
            "5.1.1 <Ana.Ruiz@example.com>: unknown; 'To' number +573001234567, is not a valid phone number";
        let kept = provider_text(raw);
        assert_eq!(kept, "5.1.1 … unknown; 'To' number … is not a valid phone number");
    }

    #[test]
    fn a_text_repeats_a_recipient_in_no_form() {
        let cases = [
            ("+573001234567", "SM573001234567", "…"),
            ("+573001234567", "573001234567-8", "…"),
            ("+573001234567", "id-%2B573001234567", "…"),
            ("+573001234567", "SM3001234567", "…"),
            ("+573001234567", "SM 0a3b0c0d1e2f3a4b5c6d7", "SM …"),
            ("+573001234567", "queued for +57 300 123 4567", "…"),
            ("+573001234567", "SM00000000000000000000000000000042", "SM00000000000000000000000000000042"),
            (
                "ana@example.com",
                "2.0.0 Ok: queued as 4F2 for <ANA@Example.com>",
                "2.0.0 Ok: queued as 4F2 for …",
            ),
            ("ana@example.com", "ok bounce+ana=example.com@relay.test", "ok …"),
            ("ana@example.com", "ok ana%40example.com", "ok …"),
            ("ana@example.com", "2.0.0 Ok: queued as 4F2", "2.0.0 Ok: queued as 4F2"),
            ("ana.ruiz@example.com", "2.0.0 Ok: delivered to Ana.Ruiz", "2.0.0 Ok: delivered to …"),
            ("ana.ruiz@example.com", "250 mailbox <ana.ruiz>, id=4F2", "250 mailbox … id=4F2"),
            ("ana+casa@example.com", "ok user=ana+casa", "ok …"),
            ("ana+casa@example.com", "ok user=ana", "ok …"),
            ("iñaki@example.com", "ok IÑAKI", "ok …"),
            ("ana@example.com", "ok banana anaconda 4ana", "ok banana anaconda 4ana"),
            ("a@example.com", "queued as a message", "queued as a message"),
            ("Ana@señal.example", "ok <ana@SEÑAL.example>", "ok …"),
            ("ana@señal.example", "ok <ana@xn--seal-hqa.example>", "ok …"),
            ("ana@SEÑAL.example", "ok ANA@XN--SEAL-HQA.EXAMPLE", "ok …"),
            ("ana@señal.example", "ok bounce+ana=xn--seal-hqa.example@relay.test", "ok …"),
            ("ana@señal.example", "ok ana%40xn--seal-hqa.example", "ok …"),
            ("iñaki@señal.example", "ok iñaki@xn--seal-hqa.example", "ok …"),
            ("ana@señal.example", "ok eva@xn--seal-hqa.example", "ok eva@xn--seal-hqa.example"),
        ];
        for (recipient, text, kept) in cases {
            assert_eq!(without_recipient(text, recipient), kept, "{text}");
        }
    }

    #[test]
    fn a_provider_text_is_one_bounded_line() {
        let kept = provider_text(&"é\r\n\0".repeat(3 * MAX_TEXT));
        assert_eq!(kept.chars().count(), MAX_TEXT);
        assert!(kept.chars().all(|c| c == 'é' || c == ' '));
    }
}
