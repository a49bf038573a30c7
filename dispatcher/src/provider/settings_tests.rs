//! Settings are refused with the key at fault, and never print a secret.

use super::*;

fn smtp(url: &str) -> SmtpSettings {
    SmtpSettings {
        name: "principal".into(),
        url: url.into(),
        from: "Avisos Ñandú <avisos@example.com>".into(),
        connections: 8,
        rate_per_second: 0,
    }
}

fn twilio() -> TwilioSettings {
    TwilioSettings {
        name: "primero".into(),
        base_url: "https://api.example.com/".into(),
        account: "AC123".into(),
        secret: "s3cret".into(),
        from: "+15005550006".into(),
        connections: 32,
        rate_per_second: 0,
        status_callback: None,
    }
}

fn key_of<T>(result: Result<T, SettingsError>) -> Option<&'static str> {
    result.err().map(|error| error.key)
}

#[test]
fn an_smtp_url_gives_host_port_tls_and_decoded_credentials() {
    let server = smtp("smtps://us%40er:p%3Ass@mail.example.com").parse().expect("a good URL");
    assert_eq!((server.host.as_str(), server.port, server.implicit_tls), ("mail.example.com", 465, true));
    let (user, password) = server.credentials.expect("credentials");
    assert_eq!((user.as_str(), password.reveal()), ("us@er", "p:ss"));
}

#[test]
fn a_password_is_told_to_nobody_in_clear_but_this_machine() {
    let told =
        |url: &str, offers_tls| smtp(url).parse().expect("a good URL").may_be_told_the_password(offers_tls);
    for elsewhere in ["smtp://u:p@mail.example.com", "smtp://u:p@10.0.0.1:587", "smtp://u:p@[fe80::1]"] {
        assert!(!told(elsewhere, false) && told(elsewhere, true), "{elsewhere}");
    }
    for good in
        ["smtp://u:p@localhost", "smtp://u:p@127.0.0.1", "smtp://u:p@[::1]", "smtps://u:p@h", "smtp://h"]
    {
        assert!(told(good, false), "{good}");
    }
}

#[test]
fn an_smtp_url_may_be_an_address_literal_without_credentials() {
    let server = smtp("smtp://[::1]:2525").parse().expect("a good URL");
    assert_eq!((server.host.as_str(), server.port, server.implicit_tls), ("::1", 2525, false));
    assert!(server.credentials.is_none());
}

#[test]
fn a_senders_domain_outside_ascii_becomes_punycode_and_its_name_stays() {
    let from = "Señal Segura <avisos@señal.example>".into();
    let server = SmtpSettings { from, ..smtp("smtp://h") }.parse().expect("a good sender");
    assert_eq!(server.from.name.as_deref(), Some("Señal Segura"));
    assert_eq!(server.from.email.to_string(), "avisos@xn--seal-hqa.example");
}

#[test]
fn a_wrong_smtp_url_names_its_key() {
    for url in
        ["", "mail.example.com", "http://h", "smtp://", "smtp://h/path", "smtp://h?tls=no", "smtp://user@h"]
    {
        assert_eq!(key_of(smtp(url).parse()), Some("url"), "{url}");
    }
}

#[test]
fn other_wrong_smtp_settings_name_their_key() {
    let good = smtp("smtp://h");
    assert_eq!(key_of(SmtpSettings { from: "nobody".into(), ..good.clone() }.parse()), Some("from"));
    assert_eq!(key_of(SmtpSettings { connections: 0, ..good.clone() }.parse()), Some("connections"));
    assert_eq!(key_of(SmtpSettings { name: " ".into(), ..good.clone() }.parse()), Some("name"));
    assert_eq!(key_of(SmtpSettings { rate_per_second: u32::MAX, ..good }.parse()), Some("rate_per_second"));
}

#[test]
fn a_settings_error_says_section_provider_key_and_reason_but_no_value() {
    let error = smtp("smtp://user:hunter2@").parse().expect_err("no host").to_string();
    assert!(error.starts_with("email.providers \"principal\": url must"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn a_twilio_account_gets_its_messages_address() {
    let account = twilio().parse().expect("good settings");
    assert_eq!(
        account.messages_url.as_str(),
        "https://api.example.com/2010-04-01/Accounts/AC123/Messages.json"
    );
    assert_eq!(account.from, TwilioSender::From("+15005550006".into()));
}

#[test]
fn a_messaging_service_is_told_from_a_number() {
    let sid = format!("MG{}", "0".repeat(32));
    let account = TwilioSettings { from: sid.clone(), ..twilio() }.parse().expect("good settings");
    assert_eq!(account.from, TwilioSender::MessagingService(sid));
}

#[test]
fn wrong_twilio_settings_name_their_key() {
    let wrong = |settings: TwilioSettings| key_of(settings.parse());
    assert_eq!(wrong(TwilioSettings { base_url: "ftp://h".into(), ..twilio() }), Some("base_url"));
    assert_eq!(wrong(TwilioSettings { account: "AC/../x".into(), ..twilio() }), Some("account"));
    assert_eq!(wrong(TwilioSettings { secret: "a\n".into(), ..twilio() }), Some("secret"));
    assert_eq!(wrong(TwilioSettings { from: "".into(), ..twilio() }), Some("from"));
    assert_eq!(wrong(TwilioSettings { connections: 1_001, ..twilio() }), Some("connections"));
    let callback = TwilioSettings { status_callback: Some("nowhere".into()), ..twilio() };
    assert_eq!(wrong(callback), Some("status_callback"));
}

#[test]
fn settings_print_no_secret() {
    let printed = format!("{:?} {:?}", smtp("smtp://u:hunter2@h"), twilio());
    let parsed = format!("{:?} {:?}", smtp("smtp://u:hunter2@h").parse(), twilio().parse());
    assert!(!printed.contains("hunter2") && !printed.contains("s3cret"), "{printed}");
    assert!(!parsed.contains("hunter2") && !parsed.contains("s3cret"), "{parsed}");
}
