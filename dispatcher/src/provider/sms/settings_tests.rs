//! Settings of SMS providers are refused with the key at fault, and never print a secret.

use super::*;

fn twilio() -> TwilioSettings {
    TwilioSettings {
        base_url: "https://api.example.com/".into(),
        account: "AC123".into(),
        secret: "s3cret".into(),
        from: "+15005550006".into(),
    }
}

fn infobip() -> InfobipSettings {
    InfobipSettings {
        base_url: "https://abc.api.example.com".into(),
        secret: "s3cret".into(),
        from: "Avisos".into(),
        receipt_key: None,
    }
}

fn of(api: TwilioSettings) -> SmsSettings {
    with(SmsApi::Twilio(api))
}

fn with(api: SmsApi) -> SmsSettings {
    SmsSettings {
        name: "primero".into(),
        connections: 32,
        rate_per_second: 0,
        status_callback: None,
        unicode: true,
        prices: crate::provider::Prices::default(),
        api,
    }
}

fn key_of(settings: &SmsSettings) -> Option<&'static str> {
    settings.dialect().err().map(|error| error.key)
}

#[test]
fn good_settings_make_a_dialect() {
    assert_eq!(key_of(&of(twilio())), None);
}

#[test]
fn wrong_twilio_settings_name_their_key() {
    let wrong = |api: TwilioSettings| key_of(&of(api));
    assert_eq!(wrong(TwilioSettings { base_url: "ftp://h".into(), ..twilio() }), Some("base_url"));
    assert_eq!(wrong(TwilioSettings { base_url: "https://h/?a=b".into(), ..twilio() }), Some("base_url"));
    assert_eq!(wrong(TwilioSettings { account: "AC/../x".into(), ..twilio() }), Some("account"));
    assert_eq!(wrong(TwilioSettings { secret: "a\n".into(), ..twilio() }), Some("secret"));
    assert_eq!(wrong(TwilioSettings { from: "".into(), ..twilio() }), Some("from"));
}

#[test]
fn wrong_infobip_settings_name_their_key() {
    let wrong = |api: InfobipSettings| key_of(&with(SmsApi::Infobip(api)));
    assert_eq!(wrong(infobip()), None);
    assert_eq!(
        wrong(InfobipSettings { base_url: "abc.api.example.com".into(), ..infobip() }),
        Some("base_url")
    );
    assert_eq!(wrong(InfobipSettings { base_url: "https://h/?a=b".into(), ..infobip() }), Some("base_url"));
    assert_eq!(wrong(InfobipSettings { secret: "".into(), ..infobip() }), Some("secret"));
    assert_eq!(wrong(InfobipSettings { secret: "a\n".into(), ..infobip() }), Some("secret"));
    assert_eq!(wrong(InfobipSettings { from: " ".into(), ..infobip() }), Some("from"));
    let short = InfobipSettings { receipt_key: Some("short".into()), ..infobip() };
    assert_eq!(wrong(short), Some("receipt_key"));
}

#[test]
fn wrong_settings_of_any_dialect_name_their_key() {
    let good = || of(twilio());
    assert_eq!(key_of(&SmsSettings { connections: 1_001, ..good() }), Some("connections"));
    assert_eq!(key_of(&SmsSettings { name: " ".into(), ..good() }), Some("name"));
    let callback = SmsSettings { status_callback: Some("nowhere".into()), ..good() };
    assert_eq!(key_of(&callback), Some("status_callback"));
}

#[test]
fn settings_print_no_secret() {
    for settings in [of(twilio()), with(SmsApi::Infobip(infobip()))] {
        let dialect = settings.dialect().expect("good settings");
        let printed = format!("{settings:?} {:?} {:?} {dialect:?}", twilio(), infobip());
        assert!(!printed.contains("s3cret") && !printed.contains("Basic"), "{printed}");
    }
}
