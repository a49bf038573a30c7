//! A mail made of a shared content is, byte for byte, what lettre builds for the person.

use lettre::{
    Address,
    message::{Body, Mailbox, MultiPart, SinglePart, header::ContentTransferEncoding},
};
use uuid::Uuid;

use super::*;
use crate::provider::email::{address, message::Mail};

const LONG_DOMAIN: &str = "avisos@una-parte-larga.otra-parte-larga.y-otra-mas-que-no-cabe.mensajeria.example";
const FROM: [&str; 4] = [
    "avisos@mensajeria.example",
    "Avisos Ñandú <avisos@mensajeria.example>",
    "\"Subject: x\" <a@b.example>",
    LONG_DOMAIN,
];
const ADDRESSES: [&str; 4] =
    ["ana@example.com", "ana@señal.example", "iñaki@example.com", "a.b+c@[192.0.2.1]"];
const NAMES: [&str; 11] = [
    "",
    "Ana Ruiz",
    "José Núñez",
    "Núñez, José",
    "El \"Ñato\" \\ Pérez",
    "a@b",
    " Ana  Ruiz ",
    "🚨🚨",
    "María de los Ángeles Fernández-Villaverde y Rodríguez de la Peña, marquesa de Santillana",
    "Ana Message-ID: Ruiz Subject: Date: que sigue y sigue hasta que la línea ya no cabe en una sola",
    "Nombre en ASCII que es tan largo que no cabe en una linea de setenta y seis caracteres",
];
const SUBJECTS: [&str; 9] = [
    "",
    "Corte de luz",
    "Señal caída: ¿todo bien?",
    "=?utf-8?b?QQ==?=",
    "  dos  espacios  ",
    "🚨🚨",
    "Date: Subject: Message-ID: To: x",
    "Aviso para todos los que viven en la calle Mayor, entre la plaza y el puente nuevo, sin prisa y sin pausa",
    "ñandú ñandú ñandú ñandú ñandú ñandú ñandú ñandú ñandú ñandú ñandú ñandú",
];
const BODIES: [&str; 13] = [
    "",
    "Hola",
    "Hola\n",
    "\n\n",
    ".",
    ".\n..\na.b\n.",
    "Señal perdida: ¿está bien?\n.\n\n..punto\n.punto\n\n",
    "espacio al final \n\tcon tabulador\t",
    "From here\nFrom there",
    "=3D =?utf-8?B?QQ==?= 100 %",
    "🚨 漢字 ñandú",
    "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
    "Subject: x\n\nDate: y\nTo: z",
];

fn outgoing(to: &str, name: &str, subject: &str, body: &str) -> Outgoing {
    Outgoing {
        delivery_id: Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef).into(),
        generation: 1,
        attempt: 1,
        to: to.into(),
        to_name: Some(name.into()),
        subject: Some(subject.into()),
        body: body.into(),
        html: None,
        is_personal: false,
        requested_at: DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time"),
        returns: Default::default(),
    }
}

/// The whole mail by lettre's builder, with its dots doubled and its final line.
fn built_by_lettre(from: &Mailbox, outgoing: &Outgoing) -> String {
    let recipient: Address = address::parse(&outgoing.to).expect("an address");
    let name = outgoing.to_name.clone().filter(|name| !name.is_empty());
    let envelope = Envelope::new(None, vec![recipient.clone()]).expect("a recipient");
    let message = Message::builder()
        .envelope(envelope)
        .from(from.clone())
        .to(Mailbox::new(name, recipient))
        .raw_header(subject_header(outgoing.subject.as_deref().unwrap_or_default()))
        .message_id(Some(format!("<{}@{}>", outgoing.delivery_id, from.email.domain())))
        .date(outgoing.requested_at.into())
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("MIME-Version"), "1.0".to_owned()))
        .header(AutoSubmitted);
    let message = match &outgoing.html {
        None => message.header(ContentType::TEXT_PLAIN).body(outgoing.body.replace('\n', "\r\n")),
        Some(html) => message.multipart(alternative_by_lettre(&outgoing.body, html)),
    };
    let message = message.expect("a message");
    let text = String::from_utf8(message.formatted()).expect("text");
    text.replace("\r\n.", "\r\n..") + "\r\n.\r\n"
}

/// The multipart of lettre's builder.
fn alternative_by_lettre(text: &str, html: &str) -> MultiPart {
    let part = |kind: ContentType, text: &str| {
        let encoding = ContentTransferEncoding::QuotedPrintable;
        let body = Body::new_with_encoding(text.replace('\n', "\r\n"), encoding).expect("a body");
        SinglePart::builder().header(kind).body(body)
    };
    MultiPart::alternative()
        .boundary("=_alternative")
        .singlepart(part(ContentType::TEXT_PLAIN, text))
        .singlepart(part(ContentType::TEXT_HTML, html))
}

fn mail(from: &Mailbox, outgoing: &Outgoing) -> String {
    let content = Content::try_new(from, outgoing).expect("a content");
    Mail::try_new(from, outgoing, &content).expect("a mail").wire
}

fn mailbox(from: &str) -> Mailbox {
    from.parse().expect("a mailbox")
}

#[test]
fn a_mail_is_what_lettre_builds_for_every_recipient() {
    for from in FROM.map(mailbox) {
        for to in ADDRESSES {
            for name in NAMES {
                let outgoing = outgoing(to, name, "Señal", "Hola,\n.\n¿está bien?");
                assert_eq!(mail(&from, &outgoing), built_by_lettre(&from, &outgoing), "{to} {name}");
            }
        }
    }
}

#[test]
fn a_mail_is_what_lettre_builds_for_every_subject_and_body() {
    let lines_too_long =
        ["a".repeat(2_000), "á".repeat(3_000), "sin fin ".repeat(300), "b".repeat(900) + ".\n."];
    let bodies = || BODIES.into_iter().chain(lines_too_long.iter().map(String::as_str));
    let from = mailbox(FROM[1]);
    for subject in SUBJECTS {
        for body in bodies() {
            let outgoing = outgoing("ana@example.com", "Ana Núñez", subject, body);
            assert_eq!(mail(&from, &outgoing), built_by_lettre(&from, &outgoing), "{subject} {body}");
        }
    }
}

#[test]
fn a_mail_with_html_is_what_lettre_builds_for_every_sender_subject_and_body() {
    for from in FROM.map(mailbox) {
        for subject in SUBJECTS {
            for (body, html) in BODIES.into_iter().zip(BODIES.into_iter().rev()) {
                let plain = outgoing("ana@example.com", "Ana Núñez", subject, body);
                for is_personal in [false, true] {
                    let outgoing = Outgoing { html: Some(html.into()), is_personal, ..plain.clone() };
                    assert_eq!(mail(&from, &outgoing), built_by_lettre(&from, &outgoing), "{subject} {html}");
                }
            }
        }
    }
}

#[test]
fn a_content_is_of_the_messages_that_say_the_same_to_anybody() {
    let ana = outgoing("ana@example.com", "Ana", "Corte", "Hola");
    let content = Content::try_new(&mailbox(FROM[0]), &ana).expect("a content");
    let eva =
        Outgoing { delivery_id: Uuid::nil().into(), ..outgoing("eva@example.com", "Eva", "Corte", "Hola") };
    assert!(content.is_of(&ana) && content.is_of(&eva));
    let later =
        Outgoing { requested_at: ana.requested_at + chrono::TimeDelta::nanoseconds(1), ..ana.clone() };
    let without_subject = Outgoing { subject: None, ..ana.clone() };
    let others = [
        outgoing("ana@example.com", "Ana", "Cortes", "Hola"),
        outgoing("ana@example.com", "Ana", "Corte", "Hola."),
    ];
    for other in others.iter().chain([&later, &without_subject]) {
        assert!(!content.is_of(other));
    }
    let personal = Outgoing { is_personal: true, ..ana.clone() };
    assert!(!Content::try_new(&mailbox(FROM[0]), &personal).expect("a content").is_of(&personal));
}
