//! Quoted-printable (RFC 2045, 6.7) in the form of DATA, in one pass: line ends are CRLF, and a dot is doubled where it
//! begins a line (RFC 5321 4.5.2). The bytes are those of lettre's encoder, which takes five passes and several copies.

/// The most characters of an encoded line. A soft line break takes the last one.
const LINE_MAX: usize = 76;

/// Appends a text. It has no carriage return and no null.
pub(super) fn append(wire: &mut String, text: &str) {
    wire.reserve(text.len() + text.len() / 16);
    let mut left = text;
    while let Some(end) = memchr::memchr(b'\n', left.as_bytes()) {
        append_line(wire, &left[..end]);
        wire.push_str("\r\n");
        left = &left[end + 1..];
    }
    append_line(wire, left);
}

fn append_line(wire: &mut String, line: &str) {
    let bytes = line.as_bytes();
    // White space at the end of a line may be removed on the way, so it is escaped.
    let blanks = bytes.last().filter(|byte| matches!(byte, b' ' | b'\t')).map_or(0, |_| 1);
    let verbatim_end = bytes.len() - blanks;
    let (mut at, mut column) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        let room = (verbatim_end - at.min(verbatim_end)).min(LINE_MAX - 1 - column);
        let run = verbatim_run(&bytes[at..at + room]);
        if run > 0 {
            append_run(wire, &line[at..at + run], column);
            (at, column) = (at + run, column + run);
            continue;
        }
        let is_last = at + 1 == bytes.len();
        let is_verbatim = at < verbatim_end && is_verbatim(byte);
        let width = if is_verbatim { 1 } else { 3 };
        // The last character of a line needs no room for a soft line break after it.
        if column + width > LINE_MAX - usize::from(!is_last) {
            wire.push_str("=\r\n");
            column = 0;
            continue;
        }
        if is_verbatim {
            append_run(wire, &line[at..=at], column);
        } else {
            append_escaped(wire, byte);
        }
        (at, column) = (at + 1, column + width);
    }
}

fn append_run(wire: &mut String, run: &str, column: usize) {
    if column == 0 && run.starts_with('.') {
        wire.push('.');
    }
    wire.push_str(run);
}

fn append_escaped(wire: &mut String, byte: u8) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    wire.push('=');
    wire.push(DIGITS[usize::from(byte >> 4)]);
    wire.push(DIGITS[usize::from(byte & 0xf)]);
}

/// How many bytes at the beginning stand for themselves. Most lines have no other, which a loop without an exit finds
/// several times faster.
fn verbatim_run(bytes: &[u8]) -> usize {
    if bytes.iter().fold(true, |all, byte| all & is_verbatim(*byte)) {
        return bytes.len();
    }
    bytes.iter().take_while(|byte| is_verbatim(**byte)).count()
}

const fn is_verbatim(byte: u8) -> bool {
    // Without branches, so that a loop over it is vectorised.
    ((byte >= b' ') & (byte <= b'~') & (byte != b'=')) | (byte == b'\t')
}

#[cfg(test)]
mod tests {
    use lettre::message::{Body, header::ContentTransferEncoding};

    use super::*;

    /// The pieces of random texts: what is escaped, what may not end a line, what begins with a dot, and runs that reach
    /// every column.
    const PIECES: [&str; 18] = [
        "a",
        "bc",
        "palabra ",
        " ",
        "\t",
        "\n",
        "\n\n",
        ".",
        "\n.",
        "..",
        "=",
        "=3D",
        "ñ",
        "€",
        "🚨",
        "\u{1}",
        "una línea que es tan larga que no cabe en setenta y seis caracteres, ni siquiera sin sus acentos",
        "0123456789012345678901234567890123456789012345678901234567890123456789",
    ];

    fn appended(text: &str) -> String {
        let mut wire = String::new();
        append(&mut wire, text);
        wire
    }

    /// What lettre makes of it, with its dots doubled. A dot that begins the text begins a line too.
    fn by_lettre(text: &str) -> String {
        let encoding = ContentTransferEncoding::QuotedPrintable;
        let body = Body::new_with_encoding(text.replace('\n', "\r\n"), encoding).expect("a body");
        let encoded = String::from_utf8(body.into_vec()).expect("ASCII");
        format!("\r\n{encoded}").replace("\r\n.", "\r\n..").split_off("\r\n".len())
    }

    /// Reads it back by the letter of RFC 2045.
    fn decoded(wire: &str) -> String {
        let undotted = format!("\r\n{wire}").replace("\r\n.", "\r\n").split_off("\r\n".len());
        let joined = undotted.replace("=\r\n", "").replace("\r\n", "\n");
        let mut pieces = joined.split('=');
        let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
        for piece in pieces {
            bytes.push(u8::from_str_radix(&piece[..2], 16).expect("two digits"));
            bytes.extend_from_slice(&piece.as_bytes()[2..]);
        }
        String::from_utf8(bytes).expect("UTF-8")
    }

    /// A text of up to 60 pieces, always the same for a number.
    fn random_text(number: u64) -> String {
        let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        (0..next(60)).map(|_| PIECES[next(PIECES.len())]).collect()
    }

    #[test]
    fn a_text_is_encoded_as_lettre_does_and_reads_back_to_the_letter() {
        for text in (0..20_000).map(random_text) {
            let wire = appended(&text);
            assert_eq!(wire, by_lettre(&text), "{text:?}");
            assert_eq!(decoded(&wire), text);
            assert!(wire.is_ascii() && wire.split("\r\n").all(|line| line.len() <= LINE_MAX + 1));
        }
    }

    #[test]
    fn every_length_around_a_lines_end_is_encoded_as_lettre_does() {
        for end in ["", "x", "=", "ñ", " ", "\t", ".", "\n", " \n", "=\n", ".\n."] {
            for text in (60..160).map(|length| "a".repeat(length) + end) {
                assert_eq!(appended(&text), by_lettre(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn a_dot_after_a_soft_line_break_is_doubled() {
        let wire = appended(&("a".repeat(75) + ".b"));
        assert_eq!(wire, format!("{}=\r\n..b", "a".repeat(75)));
    }
}
