//! Settings of mail servers are refused with the key at fault, and never print a secret.

use super::*;

fn smtp(url: &str) -> SmtpSettings {
    SmtpSettings::new("principal", url, "Avisos Ñandú <avisos@example.com>")
}

fn key_of<T>(result: Result<T, SettingsError>) -> Option<&'static str> {
    result.err().map(|error| error.key)
}

#[test]
fn an_smtp_url_gives_host_port_tls_and_decoded_credentials() {
    let server = smtp("smtps://us%40er:p%3Ass@mail.example.com").parse().expect("a good URL");
    assert_eq!((server.host.as_str(), server.port, server.tls), ("mail.example.com", 465, Tls::FromTheStart));
    let (user, password) = server.credentials.expect("credentials");
    assert_eq!((user.as_str(), password.reveal()), ("us@er", "p:ss"));
}

#[test]
fn a_password_is_told_to_nobody_in_clear_but_this_machine() {
    let without_tls = |url: &str| smtp(url).parse().expect("a good URL").may_do_without_tls();
    for elsewhere in ["smtp://u:p@mail.example.com", "smtp://u:p@10.0.0.1:587", "smtp://u:p@[fe80::1]"] {
        assert!(!without_tls(elsewhere), "{elsewhere}");
        let never = SmtpSettings { tls: Some(TlsMode::None), ..smtp(elsewhere) };
        assert_eq!(key_of(never.parse()), Some("tls"), "{elsewhere}");
    }
    for here in ["smtp://u:p@localhost", "smtp://u:p@127.0.0.1", "smtp://u:p@[::1]", "smtp://h"] {
        assert!(without_tls(here), "{here}");
        let never = SmtpSettings { tls: Some(TlsMode::None), ..smtp(here) };
        assert_eq!(never.parse().expect("good settings").tls, Tls::Never, "{here}");
    }
}

const PIN: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

#[test]
fn tls_follows_from_the_scheme_the_key_and_whether_a_certificate_is_named() {
    let table = [
        ("smtp://h", None, false, Ok(Tls::WhenOffered)),
        ("smtp://h", None, true, Ok(Tls::Required)),
        ("smtp://h", Some(TlsMode::Opportunistic), true, Ok(Tls::WhenOffered)),
        ("smtp://h", Some(TlsMode::Required), false, Ok(Tls::Required)),
        ("smtp://h", Some(TlsMode::None), false, Ok(Tls::Never)),
        ("smtp://h", Some(TlsMode::None), true, Err("tls")),
        ("smtps://h", None, true, Ok(Tls::FromTheStart)),
        ("smtps://h", Some(TlsMode::Required), false, Ok(Tls::FromTheStart)),
        ("smtps://h", Some(TlsMode::Opportunistic), false, Err("tls")),
        ("smtps://h", Some(TlsMode::None), false, Err("tls")),
    ];
    for (url, tls, is_pinned, expected) in table {
        let certificate_sha256 = if is_pinned { vec![PIN.to_owned()] } else { vec![] };
        let server = SmtpSettings { tls, certificate_sha256, ..smtp(url) }.parse();
        assert_eq!(server.map(|server| server.tls).map_err(|error| error.key), expected, "{url} {tls:?}");
    }
}

#[test]
fn a_certificate_that_cannot_be_looked_for_is_refused() {
    let pinned = |pins: &[&str]| {
        let certificate_sha256 = pins.iter().map(|pin| (*pin).to_owned()).collect();
        key_of(SmtpSettings { certificate_sha256, ..smtp("smtps://h") }.parse())
    };
    let colons =
        PIN.as_bytes().chunks(2).map(|two| String::from_utf8_lossy(two)).collect::<Vec<_>>().join(":");
    assert_eq!(pinned(&[PIN, &colons]), None);
    for pin in ["", "00", &PIN[1..], &format!("{PIN}00"), &format!("x{}", &PIN[1..])] {
        assert_eq!(pinned(&[PIN, pin]), Some("certificate_sha256"), "{pin}");
    }
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n", bad] {
        let settings = SmtpSettings { ca_file: Some(pem.into()), ..smtp("smtps://h") };
        assert_eq!(key_of(settings.parse()), Some("ca_file"), "{pem}");
    }
    let both =
        SmtpSettings { ca_file: Some(bad.into()), certificate_sha256: vec![PIN.into()], ..smtp("smtps://h") };
    assert_eq!(key_of(both.parse()), Some("certificate_sha256"));
}

#[test]
fn what_protects_a_server_is_told_in_words_without_secrets() {
    let pinned = |url: &str| SmtpSettings { certificate_sha256: vec![PIN.into()], ..smtp(url) };
    let platform = "certificate by an authority that this machine trusts";
    let table = [
        (smtp("smtp://h"), format!("STARTTLS when offered, else in clear, {platform}")),
        (smtp("smtp://u:hunter2@h"), format!("STARTTLS, without which nothing is sent, {platform}")),
        (smtp("smtps://u:hunter2@h"), format!("TLS from the start, {platform}")),
        (pinned("smtps://h"), "TLS from the start, certificate one of 1 in certificate_sha256".to_owned()),
        (SmtpSettings { tls: Some(TlsMode::None), ..smtp("smtp://h") }, "in clear on purpose".to_owned()),
    ];
    for (settings, words) in table {
        assert_eq!(settings.parse().expect("good settings").protection(), words);
    }
}

#[test]
fn a_name_for_ehlo_is_full_or_refused() {
    let named = |name: &str| SmtpSettings { helo_name: Some(name.into()), ..smtp("smtp://h") }.parse();
    assert_eq!(
        named("mensajes.example.com").expect("good").helo_name.as_deref(),
        Some("mensajes.example.com")
    );
    for name in ["", "vm", "localhost", "192.0.2.1", "a.example\r\nRSET"] {
        assert_eq!(key_of(named(name)), Some("helo_name"), "{name}");
    }
}

#[test]
fn an_smtp_url_may_be_an_address_literal_without_credentials() {
    let server = smtp("smtp://[::1]:2525").parse().expect("a good URL");
    assert_eq!((server.host.as_str(), server.port, server.tls), ("::1", 2525, Tls::WhenOffered));
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
fn settings_print_no_secret() {
    let settings = smtp("smtp://u:hunter2@h");
    let printed = format!("{settings:?} {:?}", settings.parse());
    assert!(!printed.contains("hunter2"), "{printed}");
}

#[test]
fn a_return_path_and_a_key_that_cannot_be_used_are_refused() {
    let with = |path: &str, key: &str| SmtpSettings {
        return_path: Some(path.to_owned()),
        hook_key: Some(key.to_owned()),
        ..smtp("smtp://h")
    };
    let key = "0123456789abcdef";
    assert!(with("rebotes@example.com", key).parse().is_ok());
    assert_eq!(key_of(with("rebotes", key).parse()), Some("return_path"));
    assert_eq!(key_of(with("rebotes@example.com", &key[1..]).parse()), Some("hook_key"));
}
