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

fn of(api: TwilioSettings) -> SmsSettings {
    SmsSettings {
        name: "primero".into(),
        connections: 32,
        rate_per_second: 0,
        status_callback: None,
        unicode: true,
        api: SmsApi::Twilio(api),
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
fn wrong_settings_of_any_dialect_name_their_key() {
    let good = || of(twilio());
    assert_eq!(key_of(&SmsSettings { connections: 1_001, ..good() }), Some("connections"));
    assert_eq!(key_of(&SmsSettings { name: " ".into(), ..good() }), Some("name"));
    let callback = SmsSettings { status_callback: Some("nowhere".into()), ..good() };
    assert_eq!(key_of(&callback), Some("status_callback"));
}

#[test]
fn settings_print_no_secret() {
    let settings = of(twilio());
    let dialect = settings.dialect().expect("good settings");
    let printed = format!("{settings:?} {:?} {dialect:?}", twilio());
    assert!(!printed.contains("s3cret") && !printed.contains("Basic"), "{printed}");
}
