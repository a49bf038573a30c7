//! Reading what a client has written: paths, dots, and our own Message-ID.

use memchr::memmem;

/// The address of `FROM:<address> …` or `TO:<address>`.
pub(super) fn path<'a>(rest: &'a str, keyword: &str) -> Option<&'a str> {
    let (start, tail) = rest.split_at_checked(keyword.len())?;
    let (address, _) = tail.trim_start().strip_prefix('<')?.split_once('>')?;
    start.eq_ignore_ascii_case(keyword).then_some(address)
}

/// The message without the dots that only SMTP needed.
pub(super) fn undotted(raw: &[u8]) -> Box<[u8]> {
    let raw = raw.strip_prefix(b".").unwrap_or(raw);
    let mut whole = Vec::with_capacity(raw.len());
    let mut from = 0;
    for at in memmem::find_iter(raw, b"\r\n.") {
        whole.extend_from_slice(&raw[from..at + 2]);
        from = at + 3;
    }
    whole.extend_from_slice(&raw[from..]);
    whole.into_boxed_slice()
}

/// The part of Message-ID before the `@`, where senders of ours put the delivery id.
pub(super) fn message_id(raw: &[u8]) -> String {
    const NAME: &[u8] = b"message-id:";
    let headers = memmem::find(raw, b"\r\n\r\n").map_or(raw, |end| &raw[..end]);
    let mut lines = headers.split(|byte| *byte == b'\n');
    let is_it = |line: &&[u8]| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME));
    let value = lines.find(is_it).map(|line| String::from_utf8_lossy(&line[NAME.len()..]).into_owned());
    let inner = value.as_deref().unwrap_or_default().trim().trim_matches(['<', '>']);
    inner.split('@').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_from_its_path_in_any_case_and_with_parameters() {
        assert_eq!(path("FROM:<a@b.test> SIZE=10", "FROM:"), Some("a@b.test"));
        assert_eq!(path("to: <a@b.test>", "TO:"), Some("a@b.test"));
        assert_eq!(path("FROM:<>", "FROM:"), Some(""));
        assert_eq!(path("TO:a@b.test", "TO:"), None);
        assert_eq!(path("ñ", "TO:"), None);
    }

    #[test]
    fn only_the_first_of_leading_dots_is_removed() {
        assert_eq!(&*undotted(b"..a\r\n..\r\n...\r\nb.c\r\n"), b".a\r\n.\r\n..\r\nb.c\r\n");
    }

    #[test]
    fn the_delivery_id_is_read_from_the_headers_only() {
        assert_eq!(message_id(b"To: x\r\nMessage-Id: <abc@host>\r\n\r\nbody"), "abc");
        assert_eq!(message_id(b"To: x\r\n\r\nMessage-ID: <abc@host>\r\n"), "");
    }
}
