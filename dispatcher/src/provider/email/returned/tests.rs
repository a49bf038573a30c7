//! Mails that came back, in the forms of the servers that are met most.

use domain::deliveries::{Cause, FailureClass, Observation};

use super::*;

const POSTFIX: &str = "Return-Path: <>
From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
To: rebotes@example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=\"B\"

--B
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<ana@example.org>: host mx.example.org[192.0.2.7] said: {code} <ana@example.org>:
    Recipient address rejected (in reply to RCPT TO command)

--B
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
X-Postfix-Queue-ID: 4F2A1
Arrival-Date: Tue,  1 Dec 2026 02:00:00 +0000 (UTC)

Final-Recipient: rfc822; ana@example.org
Original-Recipient: rfc822;ana@example.org
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; {code} <ana@example.org>: Recipient address
    rejected

--B
Content-Type: message/rfc822

Return-Path: <rebotes@example.com>
Subject: Aviso
Content-Type: text/plain

Hola 5.1.1
--B--
";

fn postfix(action: &str, status: &str, code: &str) -> String {
    POSTFIX.replace("{action}", action).replace("{status}", status).replace("{code}", code)
}

/// A report with this part alone.
fn report(kind: &str, part: &str) -> String {
    format!(
        "From: <postmaster@example.org>\nContent-Type: multipart/report; report-type={kind}; boundary=\"B\"\n\n--B\n\
         Content-Type: text/plain\n\nIt is returned.\n\n--B\nContent-Type: message/{kind}\n\n{part}\n\n--B--\n"
    )
}

fn bounce(mail: &str) -> (FailureClass, String, Option<Observation>) {
    match read_returned(mail.as_bytes()).map(|returned| returned.receipt) {
        Some(Receipt::Bounced(Cause { class, evidence })) => {
            (class, evidence.code.unwrap_or_default(), evidence.observed)
        }
        other => panic!("a bounce, not {other:?}: {mail}"),
    }
}

fn receipt(mail: &str) -> Option<Receipt> {
    read_returned(mail.as_bytes()).map(|returned| returned.receipt)
}

#[test]
fn a_postfix_bounce_has_the_class_of_its_code_and_names_nobody() {
    let table = [
        ("5.1.1", "550 5.1.1", FailureClass::PermanentAddress, None),
        ("5.7.1", "550 5.7.1", FailureClass::PolicyReputation, None),
        ("5.2.2", "552 5.2.2", FailureClass::Transient, Some(Observation::MailboxFull)),
        ("4.4.7", "450 4.4.7", FailureClass::Transient, None),
        ("5.4.4", "550 5.4.4", FailureClass::Unknown, None),
    ];
    for (status, code, class, observed) in table {
        assert_eq!(bounce(&postfix("failed", status, code)), (class, code.to_owned(), observed), "{code}");
    }
    let returned = read_returned(postfix("failed", "5.1.1", "550 5.1.1").as_bytes()).expect("a bounce");
    assert_eq!(returned.text, "550 5.1.1 … Recipient address rejected");
}

#[test]
fn what_is_delayed_or_handed_on_is_not_the_end() {
    for action in ["delayed", "relayed", "expanded", "Delayed (still trying)"] {
        assert_eq!(receipt(&postfix(action, "4.4.1", "451 4.4.1")), None, "{action}");
    }
    assert_eq!(receipt(&postfix("delivered", "2.0.0", "250 2.0.0")), Some(Receipt::Delivered));
}

#[test]
fn exims_report_has_its_code_in_the_diagnostic_text() {
    let part = "Reporting-MTA: dns; exim.example.com\n\nAction: failed\nFinal-Recipient: rfc822;ana@example.org\n\
                Status: 5.0.0\nRemote-MTA: dns; mx.example.org\nDiagnostic-Code: smtp; 550 5.1.1 User unknown";
    let expected = (FailureClass::PermanentAddress, "550 5.1.1".to_owned(), None);
    assert_eq!(bounce(&report("delivery-status", part)), expected);
    let bare = part.replace("550 5.1.1 User", "550 User");
    assert_eq!(
        bounce(&report("delivery-status", &bare)),
        (FailureClass::Unknown, "550 5.0.0".to_owned(), None)
    );
}

#[test]
fn exchange_and_gmail_and_their_longer_codes_are_understood() {
    let exchange = "Reporting-MTA: dns;mail.example.com\nReceived-From-MTA: dns;x\n\nFinal-Recipient: RFC822;ana@example.org\n\
                    Action: failed\nStatus: 5.1.10\nDiagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; \
                    Recipient ana@example.org not found by SMTP address lookup";
    let expected = (FailureClass::PermanentAddress, "550 5.1.10".to_owned(), None);
    assert_eq!(bounce(&report("delivery-status", exchange)), expected);
    let gmail = "Reporting-MTA: dns; googlemail.com\nArrival-Date: Tue, 01 Dec 2026 02:00:00 -0800 (PST)\n\n\
                 Final-Recipient: rfc822; ana@example.org\nAction: failed\nStatus: 5.1.1\n\
                 Remote-MTA: dns; gmail-smtp-in.l.google.com. (192.0.2.7, the server for the domain.)\n\
                 Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try\n \
                 550-5.1.1 double-checking the recipient's email address";
    assert_eq!(bounce(&report("delivery-status", gmail)).0, FailureClass::PermanentAddress);
    let blocked = gmail.replace("Status: 5.1.1", "Status: 5.7.26").replace("550-5.1.1", "550-5.7.26");
    assert_eq!(bounce(&report("delivery-status", &blocked)).0, FailureClass::PolicyReputation);
}

#[test]
fn a_report_in_base64_or_outside_of_a_multipart_report_is_read() {
    // «Final-Recipient: rfc822;a@b.co», «Action: failed», «Status: 5.1.1».
    let encoded = "RmluYWwtUmVjaXBpZW50OiByZmM4MjI7YUBiLmNvCkFjdGlvbjogZmFpbGVkClN0YXR1czogNS4xLjEK";
    let mail = format!(
        "From: x@example.org\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: Message/Delivery-Status\n\
         Content-Transfer-Encoding: base64\n\n{encoded}\n--B--\n"
    );
    assert_eq!(bounce(&mail).0, FailureClass::PermanentAddress);
    let single = "From: x@example.org\nContent-Type: message/delivery-status\n\nStatus: 5.1.1\n";
    assert_eq!(bounce(single).0, FailureClass::PermanentAddress, "without an action");
    assert_eq!(receipt(&single.replace("5.1.1", "4.2.0")), None);
}

#[test]
fn of_several_recipients_behind_an_address_the_failed_one_counts() {
    let part = "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; eva@example.org\nAction: expanded\nStatus: 2.0.0\n\n\
                Final-Recipient: rfc822; ana@example.org\nAction: failed\nStatus: 5.1.1";
    assert_eq!(bounce(&report("delivery-status", part)).0, FailureClass::PermanentAddress);
}

#[test]
fn bounces_in_plain_words_are_understood() {
    let qmail = "From: MAILER-DAEMON@qmail.example.com\nTo: rebotes@example.com\nSubject: failure notice\n\n\
                 Hi. This is the qmail-send program at qmail.example.com.\n\
                 I'm afraid I wasn't able to deliver your message to the following addresses.\n\
                 This is a permanent error; I've given up. Sorry it didn't work out.\n\n<ana@example.org>:\n{reason}\n\n\
                 --- Below this line is a copy of the message.\n\nSubject: 550 5.1.1\n";
    let of = |reason: &str| bounce(&qmail.replace("{reason}", reason));
    let unknown = "192.0.2.7 does not like recipient.\nRemote host said: 550 5.1.1 ana@example.org unknown\nGiving up on 192.0.2.7.";
    assert_eq!(of(unknown), (FailureClass::PermanentAddress, "550 5.1.1".into(), None));
    let local = "Sorry, no mailbox here by that name. (#5.1.1)";
    assert_eq!(of(local), (FailureClass::PermanentAddress, "5.1.1".into(), None));
    let policy = "Remote host said: 553 sorry, your mail was administratively denied. (#5.7.1)";
    assert_eq!(of(policy).0, FailureClass::PolicyReputation);

    let exim = "From: Mail Delivery System <Mailer-Daemon@exim.example.com>\nX-Failed-Recipients: ana@example.org\n\
                Auto-Submitted: auto-replied\nSubject: Mail delivery failed: returning message to sender\n\n\
                This message was created automatically by mail delivery software.\n\n  ana@example.org\n    {reason}\n";
    let of = |reason: &str| bounce(&exim.replace("{reason}", reason));
    let reply = "host mx.example.org [192.0.2.7]\n    SMTP error from remote mail server after RCPT TO:<ana@example.org>:\n    \
                 550 5.1.1 <ana@example.org>: Recipient address rejected";
    assert_eq!(of(reply).0, FailureClass::PermanentAddress);
    assert_eq!(of("Unrouteable address"), (FailureClass::Unknown, String::new(), None));

    let sendmail = "From: Mail Delivery Subsystem <MAILER-DAEMON@example.com>\n\n   ----- Transcript of session follows -----\n\
                    ... while talking to mx.example.org.:\n>>> RCPT To:<ana@example.org>\n<<< 550 5.1.1 User unknown\n";
    assert_eq!(bounce(sendmail).0, FailureClass::PermanentAddress);
}

#[test]
fn a_mail_that_reports_nothing_final_changes_nothing() {
    let warning = "From: Mail Delivery System <Mailer-Daemon@exim.example.com>\nSubject: Warning: message 1abc delayed 24 hours\n\n\
                   The message has not yet been delivered.\n  host mx.example.org: 451 4.7.1 Greylisted\n";
    let holiday = "From: Ana <ana@example.org>\nSubject: Fuera de la oficina\nAuto-Submitted: auto-replied\n\n\
                   Vuelvo el lunes. 550 5.1.1\n";
    let unexplained = "From: postmaster@example.org\n\nEl mensaje no se pudo entregar.\n";
    for mail in
        [warning, holiday, unexplained, "", "\n", "To: x", "Content-Type: message/delivery-status\n\n"]
    {
        assert_eq!(receipt(mail), None, "{mail}");
    }
    assert_eq!(receipt(&report("delivery-status", "Reporting-MTA: dns; mx")), None);
}

#[test]
fn a_complaint_is_one_and_praise_is_not() {
    let feedback = |kind: &str| {
        report(
            "feedback-report",
            &format!("Feedback-Type: {kind}\nUser-Agent: Loop/1.0\nVersion: 1\nOriginal-Mail-From: <x@y>"),
        )
    };
    for kind in ["abuse", "Abuse", "fraud", "opt-out"] {
        assert_eq!(receipt(&feedback(kind)), Some(Receipt::Complained), "{kind}");
    }
    for kind in ["not-spam", "auth-failure", "virus", "other", ""] {
        assert_eq!(receipt(&feedback(kind)), None, "{kind}");
    }
}

#[test]
fn rubbish_and_a_report_that_was_cut_off_do_no_harm() {
    let mut mail = postfix("failed", "5.1.1", "550 5.1.1").into_bytes();
    let end = mail.windows(6).position(|window| window == b"Remote").expect("a field");
    let cut = read_returned(&mail[..end]).expect("a bounce");
    assert!(matches!(cut.receipt, Receipt::Bounced(Cause { class: FailureClass::PermanentAddress, .. })));
    for byte in mail.iter_mut().skip(600) {
        *byte = byte.wrapping_mul(31).wrapping_add(128);
    }
    let _ = read_returned(&mail);
    let rubbish: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    assert_eq!(read_returned(&rubbish), None);
}

#[test]
fn a_mail_within_a_mail_within_a_mail_takes_little_of_the_stack() {
    const STACK: usize = 1024 * 1024;
    let nested =
        ["Content-Type: message/rfc822\n\n", "content-type: multipart/digest; boundary=B\n\n--B\n\n"];
    for level in nested {
        let mail = level.repeat(8_000);
        let reading = std::thread::Builder::new().stack_size(STACK).spawn(move || receipt(&mail));
        assert_eq!(reading.expect("a thread").join().expect("no overflow"), None);
    }
}
