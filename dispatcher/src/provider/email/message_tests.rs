//! What a mail looks like on the wire, read back by another program's parser.

use chrono::DateTime;
use mail_parser::MessageParser;
use uuid::Uuid;

use super::*;
use crate::provider::MailReturn;

const DELIVERY: Uuid = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);

fn outgoing(subject: &str, body: &str) -> Outgoing {
    Outgoing {
        delivery_id: DELIVERY.into(),
        generation: 1,
        attempt: 1,
        to: "ana@example.com".into(),
        to_name: None,
        subject: Some(subject.into()),
        body: body.into(),
        html: None,
        is_personal: false,
        requested_at: DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time"),
        returns: Default::default(),
    }
}

fn from() -> Mailbox {
    "Avisos Ñandú <avisos@mensajeria.example>".parse().expect("a mailbox")
}

fn try_mail(outgoing: &Outgoing) -> Result<Mail, Failure> {
    let from = from();
    Mail::try_new(&from, outgoing, &Content::try_new(&from, outgoing)?)
}

fn mail(outgoing: &Outgoing) -> Mail {
    try_mail(outgoing).expect("a mail")
}

fn wire(subject: &str, body: &str) -> String {
    mail(&outgoing(subject, body)).wire
}

fn subject_read_back(subject: &str) -> String {
    let wire = wire(subject, "x");
    let message = MessageParser::default().parse(wire.as_bytes()).expect("a mail");
    message.subject().unwrap_or_default().to_owned()
}

#[test]
fn a_mail_has_its_headers_and_no_others() {
    let wire = wire("Corte de luz", "Hola");
    let (headers, rest) = wire.split_once("\r\n\r\n").expect("headers");
    let expected = [
        "From: =?utf-8?b?QXZpc29zIMORYW5kw7o=?= <avisos@mensajeria.example>",
        "To: ana@example.com",
        "Subject: Corte de luz",
        "Message-ID: <01234567-89ab-cdef-0123-456789abcdef@mensajeria.example>",
        "Date: Fri, 15 Jan 2027 08:00:00 +0000",
        "MIME-Version: 1.0",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 7bit",
    ];
    assert_eq!(headers.lines().collect::<Vec<_>>(), expected);
    assert_eq!(rest, "Hola\r\n.\r\n");
}

#[test]
fn the_same_notification_is_the_same_bytes_on_every_attempt() {
    assert_eq!(wire("Aviso", "Cuerpo con ñ"), wire("Aviso", "Cuerpo con ñ"));
}

#[test]
fn a_subject_is_read_back_verbatim() {
    let long = "ñandú ".repeat(33) + "fin";
    for subject in
        ["Corte", "Señal caída: ¿todo bien?", "=?utf-8?b?QQ==?=", "  dos  espacios  ", "🚨🚨", &long, ""]
    {
        assert_eq!(subject_read_back(subject), subject);
    }
}

#[test]
fn every_line_of_a_mail_is_short_and_ascii() {
    let wire = wire(&"ñ".repeat(200), &"línea larga ".repeat(2_000));
    assert!(wire.is_ascii());
    assert!(wire.lines().all(|line| line.len() <= 78), "{:?}", wire.lines().map(str::len).max());
}

#[test]
fn dots_at_the_start_of_lines_are_doubled() {
    assert!(wire("x", ".\n..\na.b\n.").ends_with("\r\n\r\n..\r\n...\r\na.b\r\n..\r\n.\r\n"));
}

#[test]
fn a_line_break_in_a_name_or_a_subject_is_refused() {
    let with_name = |name: &str| Outgoing { to_name: Some(name.into()), ..outgoing("x", "x") };
    for bad in ["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\0b"] {
        assert!(try_mail(&outgoing(bad, "x")).is_err(), "{bad:?}");
        assert!(try_mail(&with_name(bad)).is_err(), "{bad:?}");
    }
    assert!(try_mail(&outgoing("x", "a\0b")).is_err());
}

#[test]
fn a_bad_address_is_the_addresses_fault() {
    for bad in
        ["ana", "ana@", "@example.com", "ana@example.com>\r\nRCPT TO:<b@example.com", "a b@example.com"]
    {
        let refused = try_mail(&Outgoing { to: bad.into(), ..outgoing("x", "x") });
        assert_eq!(
            refused.err().map(|failure| failure.class()),
            Some(FailureClass::PermanentAddress),
            "{bad}"
        );
    }
}

#[test]
fn a_name_with_accents_commas_and_quotes_reads_back_verbatim() {
    for name in ["José Núñez", "Núñez, José", "El \"Ñato\" \\ Pérez", "Ana Ruiz", "a@b"] {
        let mail = mail(&Outgoing { to_name: Some(name.into()), ..outgoing("x", "x") });
        let message = MessageParser::default().parse(mail.wire.as_bytes()).expect("a mail");
        let to = message.to().and_then(|to| to.first()).expect("a recipient");
        assert_eq!((to.name(), to.address()), (Some(name), Some("ana@example.com")));
    }
}

#[test]
fn a_domain_outside_ascii_travels_as_punycode_and_a_local_part_as_utf8() {
    let domain = mail(&Outgoing { to: "ana@señal.example".into(), ..outgoing("x", "x") });
    assert_eq!(domain.recipient.as_ref() as &str, "ana@xn--seal-hqa.example");
    assert!(!domain.is_international());
    let local = mail(&Outgoing { to: "iñaki@example.com".into(), ..outgoing("x", "x") });
    assert!(local.is_international());
}

fn with_html(body: &str, html: &str) -> Outgoing {
    Outgoing { html: Some(html.into()), ..outgoing("Aviso", body) }
}

#[test]
fn a_mail_with_html_has_the_text_too_and_both_read_back_verbatim() {
    let long = format!("<p>{}</p>", "ñandú ".repeat(500));
    for (body, html) in
        [("Hola:\n.\nadiós", "<p>Hola</p>\n.\n"), ("x", &long), ("=3D", "<a href=\"?a=1\">=\t </a>")]
    {
        let wire = mail(&with_html(body, html)).wire;
        assert!(wire.is_ascii() && wire.lines().all(|line| line.len() <= 78));
        assert_eq!(wire, mail(&with_html(body, html)).wire, "the same bytes on every attempt");
        let undotted = wire.replace("\r\n..", "\r\n.");
        let message = MessageParser::default().parse(undotted.as_bytes()).expect("a mail");
        let read = |text: Option<std::borrow::Cow<'_, str>>| text.expect("a part").replace("\r\n", "\n");
        assert_eq!(read(message.body_text(0)).trim_end(), body);
        assert_eq!(read(message.body_html(0)).trim_end(), html.trim_end());
        assert_eq!((message.text_body.len(), message.html_body.len(), message.parts.len()), (1, 1, 3));
    }
}

#[test]
fn what_is_filled_in_cannot_end_a_part() {
    let hostile = "\n--=_alternative--\n--=_alternative\nContent-Type: text/html\n\n<b>otro</b>\n";
    let message = mail(&with_html(hostile, hostile)).wire;
    let message = MessageParser::default().parse(message.as_bytes()).expect("a mail");
    assert_eq!(message.parts.len(), 3);
    assert!(message.body_text(0).expect("a text").contains("--=_alternative--"));
}

#[test]
fn a_body_of_many_lines_is_built_in_linear_time() {
    // With the quadratic way this alone takes minutes in a debug build.
    let lines = wire("x", &"\n".repeat(1_000_000));
    assert!(lines.len() > 2_000_000);
}

fn returning(path: Option<&str>, link: Option<&str>) -> Outgoing {
    let unsubscribe = link.map(|link| link.parse().expect("a URL"));
    let returns = MailReturn { path: path.map(str::to_owned), unsubscribe };
    Outgoing { returns, ..outgoing("Aviso", "Hola") }
}

#[test]
fn the_envelopes_sender_is_the_return_address_and_the_header_keeps_the_senders_own() {
    let returned = mail(&returning(Some("rebotes+abc.def@example.com"), None));
    assert_eq!(returned.sender.to_string(), "rebotes+abc.def@example.com");
    assert!(
        returned.wire.contains("<avisos@mensajeria.example>\r\nTo:") && !returned.wire.contains("rebotes")
    );
    assert!(!returned.wire.contains("List-Unsubscribe"));
    assert_eq!(mail(&outgoing("x", "x")).sender.to_string(), "avisos@mensajeria.example");
}

#[test]
fn a_reader_unsubscribes_by_one_click_where_the_link_is_https() {
    let header = |link: &str| mail(&returning(None, Some(link))).wire;
    let with_one_click = "List-Unsubscribe: <https://m.example/u/t>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nDate:";
    assert!(header("https://m.example/u/t").contains(with_one_click));
    assert!(
        header("http://127.0.0.1:8080/u/t")
            .contains("List-Unsubscribe: <http://127.0.0.1:8080/u/t>\r\nDate:")
    );
}
