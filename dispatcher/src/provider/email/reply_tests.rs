//! Every row of the table of SMTP replies.

use FailureClass::*;

use super::*;
use crate::provider::failure::Scope;

fn class_of(reply: &str) -> FailureClass {
    at(Phase::Rcpt, reply).class()
}

fn at(phase: Phase, reply: &str) -> Failure {
    let (status, text) = reply.split_at(3);
    refused(phase, status.parse().expect("a status"), text.trim_start())
}

#[test]
fn a_reply_has_the_class_of_its_code() {
    let table = [
        ("421 4.7.0 try later", Transient),
        ("421 closing", Transient),
        ("450 4.2.1 busy", Transient),
        ("451 4.3.0 local error", Transient),
        ("451 4.4.2 timeout", Transient),
        ("451 4.7.1 greylisted", Transient),
        ("451", Transient),
        ("452 4.5.3 too many recipients", Throttled),
        ("450 4.7.0 slow down", Throttled),
        ("450 4.7.28 unusual rate", Throttled),
        ("452 4.2.2 mailbox full", Transient),
        ("552 5.2.2 mailbox full", Transient),
        ("552 full", Transient),
        ("550 5.1.1 unknown", PermanentAddress),
        ("550 5.1.2 no such domain", PermanentAddress),
        ("550 5.1.3 bad syntax", PermanentAddress),
        ("550 5.1.6 moved", PermanentAddress),
        ("556 5.1.10 null MX", PermanentAddress),
        ("550 5.2.1 disabled", PermanentAddress),
        ("556 no mail there", PermanentAddress),
        ("551 not here", PermanentAddress),
        ("550 sorry, no mailbox here by that name. (#5.1.1)", PermanentAddress),
        ("553 sorry, your address is on a blocking list (#5.7.1)", PolicyReputation),
        ("553 sorry (#5.7.1).", PolicyReputation),
        ("552 5.3.4 too big", PermanentContent),
        ("554 5.6.0 bad content", PermanentContent),
        ("554 5.7.1 spam", PolicyReputation),
        ("550 5.7.25 no reverse DNS", PolicyReputation),
        ("550 5.7.26 unauthenticated", PolicyReputation),
        ("550 5.7.27 SPF", PolicyReputation),
        ("550 5.7.515 bulk rules", PolicyReputation),
        ("530 5.7.0 STARTTLS first", ConfigAuth),
        ("535 5.7.8 bad credentials", ConfigAuth),
        ("550 no", Unknown),
        ("550 no (#4.1.1)", Unknown),
        ("553 Blocked, see the blocking list", Unknown),
        ("554 no", Unknown),
        ("550 5.4.1 access denied", Unknown),
        ("471 later", Transient),
        ("499", Transient),
        ("460 4.2.2 mailbox full", Transient),
        ("571 no", Unknown),
        ("599", Unknown),
        ("571 5.1.1 unknown", PermanentAddress),
        ("590 5.7.1 spam", PolicyReputation),
    ];
    for (reply, class) in table {
        assert_eq!(class_of(reply), class, "{reply}");
    }
}

/// Each was sent by a real server, with the place that shows it.
#[test]
fn a_refusal_that_is_about_us_blames_no_recipient() {
    let table = [
        // Postfix, reject_non_fqdn_helo_hostname, said at RCPT (postfix.org/postconf.5.html#smtpd_delay_reject).
        ("504 5.5.2 <vm>: Helo command rejected: need fully-qualified hostname", ConfigAuth),
        ("503 5.5.1 Error: need RCPT command", ConfigAuth),
        ("503 AUTH first (#5.5.1)", ConfigAuth),
        ("502 5.5.1 Unimplemented command", ConfigAuth),
        ("500 5.5.1 Command unrecognized", ConfigAuth),
        ("501 5.5.4 Invalid arguments", ConfigAuth),
        ("555 5.5.4 Unsupported option", ConfigAuth),
        // Exchange Online (learn.microsoft.com/exchange/troubleshoot/email-delivery/ndr/fix-error-code-5-1-8).
        ("550 5.1.8 Access denied, bad outbound sender", ConfigAuth),
        ("550 5.1.90 You've reached your daily limit for message recipients", Throttled),
        ("550 5.7.233 Your tenant exceeded its daily limit for external recipients", Throttled),
        // support.google.com/a/answer/3726730
        ("550 5.4.5 Daily user sending limit exceeded", Throttled),
        ("550 5.4.5 Daily SMTP relay sending limit exceeded for customer", Throttled),
        ("550 5.7.28 There is an unusual rate of mail from your IP address", Throttled),
        // docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
        ("454 Throttling failure: Daily message quota exceeded", Throttled),
        ("554 5.7.1 Relay access denied", PolicyReputation),
        ("521 5.2.1 Your address is blocked", PolicyReputation),
        ("521 no mail here", PolicyReputation),
        // The codes leave these open: refused to several people in a row they make the provider rest.
        (
            "554 Your access to this mail system has been rejected due to the sender's poor reputation",
            Unknown,
        ),
        ("550 Your IP is blacklisted", Unknown),
        ("550 relay not permitted", Unknown),
    ];
    for (reply, class) in table {
        assert_eq!(class_of(reply), class, "{reply}");
    }
}

#[test]
fn a_code_that_says_more_than_its_class_has_a_word_and_a_bare_one_has_none() {
    let full = Some(Observation::MailboxFull);
    let table = [
        ("552 5.2.2 over quota", full),
        ("452 4.2.2 over quota", full),
        ("552 too much", None),
        ("550 Your IP is blacklisted", None),
        ("550 5.4.5 daily limit", None),
        ("550 5.7.1 spam", None),
        ("550 5.1.1 unknown", None),
    ];
    for (reply, word) in table {
        assert_eq!(at(Phase::Rcpt, reply).seen(), word, "{reply}");
    }
    assert_eq!(at(Phase::Mail, "452 4.2.2 full").seen(), None, "no recipient was named yet");
}

#[test]
fn authentication_that_is_down_is_no_speed_limit() {
    assert_eq!(at(Phase::Auth, "454 4.7.0 authentication is down").class(), ConfigAuth);
    assert_eq!(at(Phase::Greeting, "454 4.7.0 TLS not available").class(), ConfigAuth);
}

#[test]
fn the_code_kept_is_the_basic_and_the_enhanced_one() {
    assert_eq!(at(Phase::Rcpt, "550 5.1.1 <a@b.example> unknown").code(), "550 5.1.1");
    assert_eq!(at(Phase::Rcpt, "550 unknown").code(), "550");
}

#[test]
fn an_enhanced_code_of_another_class_is_ignored() {
    assert_eq!(at(Phase::Rcpt, "451 5.1.1 confused"), at(Phase::Rcpt, "451 5.1.1 confused"));
    assert_eq!((class_of("451 5.1.1 confused"), class_of("550 4.2.2 confused")), (Transient, Unknown));
    assert_eq!(at(Phase::Rcpt, "451 5.1.1 confused").code(), "451");
}

#[test]
fn an_enhanced_code_that_every_line_repeats_is_said_once() {
    let table = [
        ("5.1.1 The mailbox\n5.1.1 was\n5.1.1 closed", "5.1.1 The mailbox was closed"),
        ("The mailbox\n5.1.1 closed", "The mailbox 5.1.1 closed"),
        ("5.1.1 The\n5.1.10 mailbox", "5.1.1 The 5.1.10 mailbox"),
        ("", ""),
    ];
    for (lines, text) in table {
        assert_eq!(words(&Reply::new(550, lines)), text);
    }
}

#[test]
fn a_failing_connection_is_transient_and_tls_that_fails_before_the_log_in_is_ours_to_mend() {
    let tls = ConnectionError::Tls("certificate required".into());
    for phase in [Phase::Connect, Phase::Tls, Phase::Greeting, Phase::Auth] {
        assert_eq!(
            (failed(phase, &tls).class(), failed(phase, &tls).seen()),
            (ConfigAuth, Some(Observation::TlsFailed))
        );
    }
    for phase in [Phase::Mail, Phase::Rcpt, Phase::Data, Phase::FinalReply] {
        for error in [
            ConnectionError::Closed,
            ConnectionError::WriteFailed,
            ConnectionError::NotSmtp,
            ConnectionError::ReplyTooLong,
            ConnectionError::UnsolicitedReply,
            tls.clone(),
        ] {
            let failure = failed(phase, &error);
            assert_eq!((failure.class(), failure.ends_dialogue()), (Transient, true), "{error:?}");
        }
    }
}

#[test]
fn words_that_look_like_an_enhanced_code_are_none() {
    for reply in ["550 5.1", "550 5.1.x", "550 5.1.1000", "550 5.1.1.1", "550"] {
        assert_eq!(at(Phase::Rcpt, reply).code(), "550", "{reply}");
    }
}

#[test]
fn greylisting_waits_at_least_five_minutes() {
    let advice = at(Phase::Rcpt, "451 4.7.1 greylisted").advice;
    assert_eq!(advice, RetryAdvice::NotBefore(Duration::from_secs(300)));
    assert_eq!(at(Phase::Rcpt, "451 4.3.0 later").advice, RetryAdvice::Schedule);
}

#[test]
fn a_refused_connection_or_sender_never_blames_the_recipient() {
    for phase in [Phase::Connect, Phase::Tls, Phase::Greeting, Phase::Auth] {
        for reply in
            ["554 go away", "554 5.7.1 blocked", "521 no mail here", "550 5.1.1 what", "552 5.3.4 what"]
        {
            assert_eq!(at(phase, reply).class(), ConfigAuth, "{reply}");
        }
        assert_eq!(at(phase, "421 busy").class(), Transient);
    }
    assert_eq!(at(Phase::Mail, "553 5.1.1 sender unknown").class(), ConfigAuth);
    assert_eq!(at(Phase::Mail, "550 5.7.1 sender not allowed").class(), PolicyReputation);
    assert_eq!(at(Phase::Mail, "552 5.3.4 too big").class(), PermanentContent);
}

#[test]
fn a_refusal_of_the_connection_the_log_in_or_the_sender_would_meet_every_message() {
    let of_all: [(Phase, &[&str]); 4] = [
        (Phase::Greeting, &["554", "501", "504 5.5.2", "521"]),
        (Phase::Auth, &["535 5.7.8", "454 4.7.0", "503"]),
        (Phase::Mail, &["530 5.7.0", "501", "550 5.1.1"]),
        (Phase::Rcpt, &["530 5.7.0", "534 5.7.9", "535 5.7.8", "538 5.7.11"]),
    ];
    for (phase, reply) in
        of_all.iter().flat_map(|(phase, replies)| replies.iter().map(move |one| (phase, one)))
    {
        assert_eq!(at(*phase, reply).scope, Scope::EveryMessage, "{phase:?} {reply}");
    }
}

#[test]
fn a_refusal_of_a_recipient_meets_one_message() {
    for reply in ["550 5.1.1", "554 5.7.1", "452 4.2.2", "552 5.3.4"] {
        assert_eq!(at(Phase::Rcpt, reply).scope, Scope::OneMessage, "{reply}");
    }
}

#[test]
fn a_refusal_of_our_settings_may_come_of_one_recipients_address() {
    for reply in ["555 5.5.4", "501 5.5.4", "502"] {
        assert_eq!(at(Phase::Mail, reply).scope, Scope::OneMessage, "{reply}");
    }
    let of_one =
        ["501 5.5.4", "500 5.5.1", "502", "503 5.5.1", "504 5.5.2", "550 5.5.5", "550 5.1.7", "550 5.1.8"];
    for reply in of_one {
        assert_eq!(at(Phase::Rcpt, reply).scope, Scope::OneMessage, "{reply}");
    }
}
