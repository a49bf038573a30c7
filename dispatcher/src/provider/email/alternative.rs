//! The part of a mail with HTML that stands behind its personal header fields. Its text usually differs from person to
//! person, so that it is put together in one buffer, to the byte as lettre would.

use chrono::{DateTime, Utc};

use super::quoted_printable;

/// The rest of the header.
const HEADER: &str = "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n\
    Content-Type: multipart/alternative; boundary=\"=_alternative\"\r\n\r\n";
/// Before the text. Both parts are in quoted-printable, in which the boundary cannot stand (RFC 2045, 6.7): nothing that is
/// filled in can end a part.
const TEXT: &str = "--=_alternative\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\r\n";
/// Before the HTML.
const HTML: &str = "\r\n--=_alternative\r\nContent-Type: text/html; charset=utf-8\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\r\n";
/// The end of the parts, and that of DATA (RFC 5321 4.5.2).
const END: &str = "\r\n--=_alternative--\r\n\r\n.\r\n";

/// From `Date` on, the same bytes on every attempt, in the form of DATA.
pub(super) fn rest(requested_at: DateTime<Utc>, text: &str, html: &str) -> String {
    // Room for the escaped characters of a usual text. A buffer that is too small is moved once.
    let encoded = (text.len() + html.len()) * 9 / 8;
    let mut rest = String::with_capacity(encoded + 2 * (HEADER.len() + TEXT.len() + HTML.len()));
    rest.push_str(&requested_at.format("Date: %a, %d %b %Y %H:%M:%S +0000\r\n").to_string());
    rest.extend([HEADER, TEXT]);
    quoted_printable::append(&mut rest, text);
    rest.push_str(HTML);
    quoted_printable::append(&mut rest, html);
    rest.push_str(END);
    rest
}
