//! Every legal form of a reply in every phase: the three digits alone decide.

use super::{
    scripted::{Scripted, Step, Step::*, words},
    *,
};

/// A phase of the dialogue, the code that goes on from it, and codes that RFC 5321 does not name but that mean the same.
struct Phase {
    name: &'static str,
    good: [u16; 4],
}

const PHASES: [Phase; 7] = [
    Phase { name: "greeting", good: [220, 221, 260, 299] },
    Phase { name: "EHLO", good: [250, 251, 271, 299] },
    Phase { name: "AUTH", good: [235, 250, 265, 299] },
    Phase { name: "MAIL", good: [250, 251, 260, 299] },
    Phase { name: "RCPT", good: [250, 251, 252, 299] },
    Phase { name: "DATA", good: [354, 300, 365, 399] },
    Phase { name: "message", good: [250, 255, 280, 299] },
];
const LATER: [u16; 3] = [450, 471, 499];
const NEVER: [u16; 3] = [550, 571, 599];

/// A reply of this code as servers may write it.
fn forms(code: u16) -> Vec<&'static [u8]> {
    let long = format!("{code} {}\r\n", "x".repeat(5_000));
    let many = format!("{}{code} end\r\n", format!("{code}-more\r\n").repeat(400));
    let forms = [
        format!("{code} ok\r\n").into_bytes(),
        format!("{code}\r\n").into_bytes(),
        format!("{code} \r\n").into_bytes(),
        format!("{code} ok\n").into_bytes(),
        format!("{code}-uno\n{code} dos\n").into_bytes(),
        format!("{code}-\r\n{code}\r\n").into_bytes(),
        format!("{code}\tok\r\n").into_bytes(),
        format!("\r\n{code} ok\r\n").into_bytes(),
        [code.to_string().as_bytes(), b" se\xf1or, direcci\xf3n\r\n"].concat(),
        format!("{code} señor, dirección\r\n").into_bytes(),
        long.into_bytes(),
        many.into_bytes(),
    ];
    forms.map(words).to_vec()
}

/// A server that answers the phase so, and everything else as every server does.
fn script(phase: &str, reply: &'static [u8], pipelining: bool) -> Vec<Step> {
    let offers: &[u8] = match (phase, pipelining) {
        ("AUTH", _) => b"250-hi\r\n250 AUTH PLAIN\r\n",
        (_, true) => b"250-hi\r\n250 PIPELINING\r\n",
        (_, false) => b"250-hi\r\n250 8BITMIME\r\n",
    };
    let at = |name: &str, usual: &'static [u8]| if phase == name { reply } else { usual };
    let mut script = vec![Say(at("greeting", b"220 hi\r\n")), Reply(at("EHLO", words(offers)))];
    script.extend((phase == "AUTH").then_some(Reply(reply)));
    script.extend([
        Reply(at("MAIL", b"250 ok\r\n")),
        Reply(at("RCPT", b"250 ok\r\n")),
        Reply(at("DATA", b"354 go\r\n")),
    ]);
    // A mail whose DATA is refused is taken back at once.
    script.extend(
        (phase == "DATA" && !reply.trim_ascii_start().starts_with(b"3")).then_some(Reply(b"250 reset\r\n")),
    );
    script.extend([Swallow(at("message", b"250 ok\r\n")), Reply(b"221 bye\r\n"), Hang]);
    script
}

async fn sent(phase: &str, reply: &'static [u8], pipelining: bool) -> Result<Accepted, SendFailure> {
    let server = Scripted::start(script(phase, reply, pipelining)).await;
    let credentials = if phase == "AUTH" { "user:password@" } else { "" };
    sender_of(&server.settings(credentials)).send(&mail("ana@cliente.test"), start).await
}

/// Every form of the first code, and of the others the usual one and the shortest, each way a server may be talked to.
fn replies<const N: usize>(phase: &'static str, codes: [u16; N]) -> Vec<(u16, &'static [u8], bool)> {
    let is_envelope = !["greeting", "EHLO", "AUTH"].contains(&phase);
    let ways: &[bool] = if is_envelope { &[false, true] } else { &[false] };
    let few = |place: usize| if place == 0 { usize::MAX } else { 2 };
    let forms_of = |(place, code)| forms(code).into_iter().take(few(place)).map(move |form| (code, form));
    let replies = codes.into_iter().enumerate().flat_map(forms_of);
    replies.flat_map(|(code, form)| ways.iter().map(move |pipelining| (code, form, *pipelining))).collect()
}

#[tokio::test]
async fn a_reply_that_goes_on_does_so_in_every_form() {
    for Phase { name, good } in PHASES {
        for (code, form, pipelining) in replies(name, good) {
            let result = sent(name, form, pipelining).await;
            assert!(result.is_ok(), "{code} at {name}: {result:?} for {}", form.escape_ascii());
        }
    }
}

#[tokio::test]
async fn a_refusal_is_one_in_every_form_and_leaves_nothing_in_doubt() {
    for Phase { name, .. } in PHASES {
        for (code, form, pipelining) in [replies(name, LATER), replies(name, NEVER)].concat() {
            let failure = unsent(sent(name, form, pipelining).await);
            assert_eq!(failure.code(), code.to_string(), "at {name}");
            let is_transient = failure.class() == FailureClass::Transient;
            assert_eq!(is_transient, code < 500, "{code} at {name}: {}", form.escape_ascii());
        }
    }
}

#[tokio::test]
async fn words_in_any_charset_are_kept_as_they_were_meant() {
    for reply in
        [&b"550 5.1.1 direcci\xf3n de se\xf1or\r\n"[..], "550 5.1.1 dirección de señor\r\n".as_bytes()]
    {
        let failure = unsent(sent("RCPT", reply, false).await);
        assert_eq!((failure.code(), failure.text.as_str()), ("550 5.1.1", "5.1.1 dirección de señor"));
        assert_eq!(failure.class(), FailureClass::PermanentAddress);
    }
}

#[tokio::test]
async fn an_enhanced_code_decides_whatever_the_second_digit() {
    let reply = b"571 5.1.1 no such user\r\n";
    assert_eq!(unsent(sent("RCPT", reply, false).await).class(), FailureClass::PermanentAddress);
}

#[tokio::test]
async fn a_reply_that_neither_goes_on_nor_refuses_is_none() {
    for (phase, reply) in
        [("MAIL", &b"354 go\r\n"[..]), ("RCPT", b"300\r\n"), ("DATA", b"250 ok\r\n"), ("EHLO", b"334 hm\r\n")]
    {
        let failure = unsent(sent(phase, reply, false).await);
        assert_eq!(
            (failure.class(), failure.seen()),
            (FailureClass::Transient, Some(Observation::AnswerUnexpected)),
            "{phase}"
        );
    }
    assert_eq!(
        doubt(sent("message", b"354 go\r\n", false).await).evidence.observed,
        Some(Observation::AnswerUnexpected)
    );
}
