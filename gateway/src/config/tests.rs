//! Tests of every refused configuration, with the key and the origin in the error.

use std::net::IpAddr;
use std::path::PathBuf;

use dispatcher::DomainLimits;
use dispatcher::provider::{SmsApi, SmsProvider, TlsMode};

use super::*;

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn environment(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    variables.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn from_environment(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(None, environment(variables))
}

fn from_file(text: &str) -> Result<Config, ConfigError> {
    from_both(text, &[])
}

fn from_both(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    std::fs::write(file.path(), text).unwrap();
    Config::load(Some(file.path()), environment(variables))
}

/// Asserts that the configuration is refused, and that the text names the key and all other parts.
fn assert_refused(config: Result<Config, ConfigError>, key: &str, parts: &[&str]) {
    let text = config.expect_err("it is refused").to_string();
    assert!(text.starts_with(&format!("configuration key `{key}` ")), "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

const SMTP: &str =
    "[[email.providers]]\nname = \"principal\"\nurl = \"smtp://u:hunter2@host\"\nfrom = \"a@b.co\"\n";
const TWILIO: &str = "[[sms.providers]]\nname = \"primero\"\nkind = \"twilio\"\nbase_url = \"https://x\"\n\
                      account = \"AC1\"\nfrom = \"+15005550006\"\n";

#[test]
fn the_manual_alone_is_a_whole_configuration() {
    let config = from_environment(&[]).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.database.max_connections, 20);
    assert_eq!(config.log.format, LogFormat::Text);
    assert!(config.master_key.is_none() && config.database.url.is_none() && config.nats_url.is_none());
    assert!(config.email_providers.is_empty() && config.sms_providers.is_empty());
}

#[test]
fn every_key_that_the_manual_shows_commented_is_accepted() {
    let shown: String = Config::manual()
        .lines()
        .filter(|line| !line.starts_with("providers = []") && !line.contains("_file = "))
        .map(|line| line.strip_prefix("# ").filter(|rest| is_setting(rest)).unwrap_or(line))
        .map(|line| line.replace("\"…\"", &format!("\"{KEY}\"")) + "\n")
        .collect();
    let config = from_file(&shown).unwrap();
    assert_eq!(config.email_providers.len(), 1);
    assert_eq!((config.email_providers[0].connections, config.sms_providers[0].connections), (8, 32));
    let apis: Vec<_> = config.sms_providers.iter().map(|settings| &settings.api).collect();
    assert!(matches!(apis[..], [SmsApi::Twilio(_), SmsApi::Infobip(_), SmsApi::Generic(_)]));
    for settings in &config.sms_providers[1..] {
        SmsProvider::try_new(settings).unwrap();
    }
    assert_eq!(config.simulator.enabled, Some(true));
    assert!(config.master_key.is_some() && config.database.url.is_some() && config.data.dir.is_some());
}

fn is_setting(line: &str) -> bool {
    let name = line.split(" = ").next().unwrap_or_default();
    line.starts_with('[')
        || (line.contains(" = ") && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
}

#[test]
fn defaults_of_providers_are_those_of_the_manual() {
    let config = from_file(&format!("{SMTP}{TWILIO}secret = \"t\"\n")).unwrap();
    assert_eq!((config.email_providers[0].connections, config.email_providers[0].rate_per_second), (8, 0));
    assert_eq!((config.sms_providers[0].connections, config.sms_providers[0].rate_per_second), (32, 0));
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_manual() {
    let text = "[server]\nlisten = \"0.0.0.0:1\"\n[log]\nlevel = \"warn\"\n";
    let config = from_both(text, &[("MENSAJERIA__SERVER__LISTEN", "0.0.0.0:2")]).unwrap();
    assert_eq!(config.server.listen.port(), 2);
    assert_eq!(config.log.level, "warn");
}

#[test]
fn our_own_variable_wins_over_the_shared_one() {
    let variables =
        [("MENSAJERIA__DATABASE__URL", "postgres://own/x"), ("DATABASE_URL", "postgres://shared/x")];
    let config = from_environment(&variables).unwrap();
    assert_eq!(config.database.url.unwrap().expose(), "postgres://own/x");
    let config = from_environment(&[("NATS_URL", "nats://shared")]).unwrap();
    assert_eq!(config.nats_url.unwrap().expose(), "nats://shared");
}

#[test]
fn an_empty_variable_counts_as_none() {
    assert!(from_environment(&[("DATABASE_URL", "")]).unwrap().database.url.is_none());
}

#[test]
fn text_from_the_environment_stays_text() {
    let list = "[{ name = \"p\", kind = \"twilio\", base_url = \"https://x\", account = \"1\", secret = \"0123\", from = \"1\" }]";
    let config =
        from_environment(&[("MENSAJERIA__SMS__PROVIDERS", list), ("MENSAJERIA__DATA__DIR", "123")]).unwrap();
    let SmsApi::Twilio(account) = &config.sms_providers[0].api else { panic!("another kind") };
    assert_eq!(account.secret, "0123");
    assert_eq!(config.data.dir.unwrap(), PathBuf::from("123"));
}

#[test]
fn numbers_and_booleans_from_the_environment_are_understood() {
    let variables =
        [("MENSAJERIA__DATABASE__MAX_CONNECTIONS", "7"), ("MENSAJERIA__SIMULATOR__ENABLED", "false")];
    let config = from_environment(&variables).unwrap();
    assert_eq!((config.database.max_connections, config.simulator.enabled), (7, Some(false)));
}

#[test]
fn an_unknown_key_is_named_with_its_place() {
    assert_refused(
        from_file("[database]\nurll = \"x\"\n"),
        "database.urll",
        &["in /", ".toml", "unknown", "max_connections"],
    );
    assert_refused(from_file("[databas]\nurl = \"x\"\n"), "databas", &[".toml", "unknown"]);
    let variable = [("MENSAJERIA__SERVER__LISTN", "x")];
    assert_refused(
        from_environment(&variable),
        "server.listn",
        &["variable MENSAJERIA__SERVER__LISTN", "unknown"],
    );
    assert_refused(from_environment(&[("MENSAJERIA__X", "x")]), "x", &["variable MENSAJERIA__X", "unknown"]);
    let provider = format!("{TWILIO}secret = \"t\"\ncolour = 1\n");
    assert_refused(from_file(&provider), "sms.providers[0].colour", &[".toml", "unknown"]);
}

#[test]
fn a_value_of_the_wrong_type_is_named_with_its_place_and_not_repeated() {
    assert_refused(
        from_file("[database]\nmax_connections = \"hunter2\"\n"),
        "database.max_connections",
        &["a text", ".toml"],
    );
    assert_refused(from_file("[keys]\nmaster = 5\n"), "keys.master", &["a number"]);
    assert_refused(from_file("[server]\nlisten = \"somewhere\"\n"), "server.listen", &[".toml"]);
    assert_refused(from_file("[log]\nformat = \"xml\"\n"), "log.format", &["one of: text, json"]);
    assert_refused(from_file("server = 5\n"), "server", &["a number"]);
    let variable = [("MENSAJERIA__DATABASE__MAX_CONNECTIONS", "many")];
    assert_refused(
        from_environment(&variable),
        "database.max_connections",
        &["MENSAJERIA__DATABASE__MAX_CONNECTIONS"],
    );
    let variable = [("MENSAJERIA__SIMULATOR__ENABLED", "5")];
    assert_refused(
        from_environment(&variable),
        "simulator.enabled",
        &["MENSAJERIA__SIMULATOR__ENABLED", "a number"],
    );
    let provider = TWILIO.replace("\"+15005550006\"", "15005550006") + "secret = \"t\"\n";
    assert_refused(from_file(&provider), "sms.providers[0].from", &["a number"]);
    let kind = TWILIO.replace("\"twilio\"", "\"pigeon\"") + "secret = \"t\"\n";
    assert_refused(from_file(&kind), "sms.providers[0].kind", &["one of: twilio, infobip, generic"]);
}

#[test]
fn a_doubt_is_sent_again_by_itself_only_if_that_is_stated_and_not_before_a_minute() {
    let name = "MENSAJERIA__DOUBTS__RESEND_OPERATIONAL_AFTER_SECONDS";
    assert_eq!(from_environment(&[]).unwrap().doubts.resend_operational_after_seconds, None);
    let config = from_environment(&[(name, "180")]).unwrap();
    assert_eq!(config.doubts.resend_operational_after_seconds, Some(180));
    for refused in ["0", "59", "86401"] {
        let error = from_environment(&[(name, refused)]);
        assert_refused(error, "doubts.resend_operational_after_seconds", &["from 60 to 86400"]);
    }
}

#[test]
fn the_proxies_that_are_trusted_are_ip_addresses() {
    let name = "MENSAJERIA__SERVER__TRUSTED_PROXIES";
    let config = from_environment(&[(name, r#"["10.0.0.5", "fd00::5"]"#)]).unwrap();
    let expected: [IpAddr; 2] = ["10.0.0.5".parse().unwrap(), "fd00::5".parse().unwrap()];
    assert_eq!(config.server.trusted_proxies, expected);
    assert!(from_environment(&[]).unwrap().server.trusted_proxies.is_empty());
    assert_refused(from_environment(&[(name, r#"["10.0.0.0/8"]"#)]), "server.trusted_proxies[0]", &[name]);
}

#[test]
fn figures_have_no_listener_of_their_own_unless_one_is_named() {
    assert_eq!(from_environment(&[]).unwrap().server.admin_listen, None);
    let config = from_environment(&[("MENSAJERIA__SERVER__ADMIN_LISTEN", "127.0.0.1:9090")]).unwrap();
    assert_eq!(config.server.admin_listen, Some(([127, 0, 0, 1], 9090).into()));
    assert_refused(from_file("[server]\nadmin_listen = 9090\n"), "server.admin_listen", &[".toml"]);
}

#[test]
fn limits_of_domains_are_read_by_name_and_checked() {
    let limits = |text: &str| from_file(&format!("[email.domains]\n{text}\n"));
    let domains = |limits: &[(&str, u32)]| {
        let limits = limits.iter().map(|(domain, rate)| ((*domain).to_owned(), *rate)).collect();
        DomainLimits::try_new(limits).unwrap()
    };
    assert!(from_environment(&[]).unwrap().email_domains.is_empty());
    let config = limits("\"gmail.com\" = 20\n\"*\" = 100").unwrap();
    assert_eq!(config.email_domains, domains(&[("gmail.com", 20), ("*", 100)]));
    let variable = [("MENSAJERIA__EMAIL__DOMAINS", r#"{ "gmail.com" = 5 }"#)];
    assert_eq!(from_environment(&variable).unwrap().email_domains, domains(&[("gmail.com", 5)]));
    assert_refused(limits("\"gmail.com\" = 0"), "email.domains", &[".toml", "from 1 to 1000000"]);
    assert_refused(limits("gmail = 5"), "email.domains", &[".toml", "no domain"]);
}

#[test]
fn a_missing_key_of_a_provider_is_named() {
    assert_refused(from_file(TWILIO), "sms.providers[0].secret", &["secret or secret_file"]);
    assert_refused(from_file(&SMTP.replace("from", "# from")), "email.providers[0].from", &["missing"]);
    assert_refused(from_file(&SMTP.replace("url", "# url")), "email.providers[0].url", &["url or url_file"]);
}

const GENERIC: &str = "[[sms.providers]]\nname = \"p\"\nkind = \"generic\"\nsecret = \"hunter2\"\n\
                       [sms.providers.request]\nurl = \"https://h\"\nquery = { to = \"{to}\", text = \"{text}\" }\n\
                       [sms.providers.answer]\nid = \"/id\"\n";

#[test]
fn each_kind_of_sms_provider_has_keys_of_its_own() {
    let kind = |kind: &str, more: &str| {
        from_file(&format!("[[sms.providers]]\nname = \"p\"\nkind = \"{kind}\"\nsecret = \"s\"\n{more}"))
    };
    let infobip = "base_url = \"https://x\"\nfrom = \"Avisos\"\n";
    assert!(matches!(kind("infobip", infobip).unwrap().sms_providers[0].api, SmsApi::Infobip(_)));
    assert_refused(kind("infobip", "from = \"A\"\n"), "sms.providers[0].base_url", &["missing"]);
    let account = format!("{infobip}account = \"a\"\n");
    assert_refused(kind("infobip", &account), "sms.providers[0].account", &["no key of this kind"]);
    assert_refused(kind("twilio", infobip), "sms.providers[0].account", &["missing"]);
    let receipt_key = format!("{infobip}receipt_key = \"k\"\n");
    assert!(matches!(kind("infobip", &receipt_key).unwrap().sms_providers[0].api, SmsApi::Infobip(_)));
    let twilio = format!("{receipt_key}account = \"a\"\n");
    assert_refused(kind("twilio", &twilio), "sms.providers[0].receipt_key", &["no key of this kind"]);
    let inbound = format!("{infobip}inbound = {{ from = \"/from\", text = \"/text\" }}\n");
    assert_refused(kind("infobip", &inbound), "sms.providers[0].inbound", &["no key of this kind"]);
    assert!(matches!(from_file(GENERIC).unwrap().sms_providers[0].api, SmsApi::Generic(_)));
    assert_refused(kind("generic", ""), "sms.providers[0].request", &["missing"]);
    assert_refused(kind("generic", infobip), "sms.providers[0].base_url", &["no key of this kind"]);
}

#[test]
fn a_wrong_description_of_an_sms_api_is_named_and_not_repeated() {
    let with = |more: &str| from_file(&format!("{GENERIC}{more}"));
    let class = "[sms.providers.answer.classes]\npermanent_adress = [1]\n";
    let place = "sms.providers[0].answer.classes.permanent_adress";
    assert_refused(with(class), place, &["unknown", "permanent_address", "opted_out"]);
    let pointer = from_file(&GENERIC.replace("\"/id\"", "\"id\""));
    assert_refused(pointer, "sms.providers[0].answer.id", &["begins with a slash"]);
    let placeholder = from_file(&GENERIC.replace("{text}", "hunter2 {texto}"));
    assert_refused(
        placeholder,
        "sms.providers[0].request.query.text",
        &["{texto} is unknown", "{to_digits}"],
    );
    let method = from_file(&GENERIC.replace("url =", "method = \"SEND\"\nurl ="));
    assert_refused(method, "sms.providers[0].request.method", &["POST, PUT, GET"]);
    let receipt = with("[sms.providers.receipt]\nid = \"/id\"\nstatus = \"/s\"\ndelivered = [\"D\"]\n");
    assert_refused(receipt, "sms.providers[0].receipt.failed", &["missing"]);
    let secret = from_file(&GENERIC.replace("secret = \"hunter2\"\n", ""));
    assert_refused(secret, "sms.providers[0].secret", &["secret or secret_file"]);
}

#[test]
fn the_example_of_an_aggregator_is_a_whole_configuration() {
    let page = include_str!("../../../docs/providers.md");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "hunter2").unwrap();
    let example = example.replace("/run/secrets/agregador", &secret.path().display().to_string());
    SmsProvider::try_new(&from_file(&example).unwrap().sms_providers[0]).unwrap();
}

#[test]
fn a_mail_servers_certificate_is_named_by_a_file_or_by_its_fingerprint() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "-----BEGIN").unwrap();
    let named = format!("{SMTP}ca_file = \"{}\"\ntls = \"required\"\n", file.path().display());
    let config = from_file(&named).unwrap();
    assert_eq!(config.email_providers[0].ca_file.as_deref(), Some(&b"-----BEGIN"[..]));
    assert_eq!(config.email_providers[0].tls, Some(TlsMode::Required));
    let pinned = from_file(&format!("{SMTP}certificate_sha256 = [\"a\", \"b\"]\n")).unwrap();
    assert_eq!(pinned.email_providers[0].certificate_sha256, ["a", "b"]);
}

#[test]
fn without_keys_for_it_a_mail_server_is_met_as_before() {
    let provider = from_file(SMTP).unwrap().email_providers.remove(0);
    assert_eq!((provider.helo_name, provider.tls, provider.ca_file), (None, None, None));
    assert!(provider.certificate_sha256.is_empty());
}

#[test]
fn a_wrong_key_of_a_mail_servers_tls_is_named() {
    let missing = format!("{SMTP}ca_file = \"/nowhere/ca.pem\"\n");
    assert_refused(from_file(&missing), "email.providers[0].ca_file", &["/nowhere/ca.pem", ".toml"]);
    let unknown = format!("{SMTP}tls = \"maybe\"\n");
    let modes = ["required", "opportunistic", "none"];
    assert_refused(from_file(&unknown), "email.providers[0].tls", &modes);
    let single = format!("{SMTP}certificate_sha256 = \"a\"\n");
    assert_refused(from_file(&single), "email.providers[0].certificate_sha256", &["a text"]);
}

#[test]
fn providers_of_one_name_are_refused() {
    assert_refused(from_file(&format!("{SMTP}{SMTP}")), "email.providers[1].name", &["twice"]);
    assert_refused(from_file(&SMTP.replace("principal", " ")), "email.providers[0].name", &["empty"]);
}

#[test]
fn values_out_of_bounds_are_refused() {
    assert_refused(
        from_file("[database]\nmax_connections = 3\n"),
        "database.max_connections",
        &["from 4 to 1000"],
    );
    assert_refused(
        from_file("[database]\nmax_connections = 1001\n"),
        "database.max_connections",
        &["from 4 to 1000"],
    );
    assert_refused(from_file("[database]\nmax_connections = -1\n"), "database.max_connections", &[]);
    assert_refused(from_file("[database]\nurl = \"mysql://h/x\"\n"), "database.url", &["postgres://"]);
    assert_refused(
        from_environment(&[("NATS_URL", "nats://a,http://b")]),
        "nats.url",
        &["variable NATS_URL"],
    );
    for level in ["inof", "", "info,", "dispatcher=loud", "=info"] {
        assert_refused(from_file(&format!("[log]\nlevel = \"{level}\"\n")), "log.level", &["such as info"]);
    }
    assert!(from_file("[log]\nlevel = \"warn,dispatcher=debug\"\n").is_ok());
    assert_refused(from_file("[keys]\nmaster = \"abcd\"\n"), "keys.master", &["64 hexadecimal"]);
    assert_refused(from_file("[proof]\nkey = \"abcd\"\n"), "proof.key", &["64 hexadecimal"]);
    assert_refused(from_file("[proof]\norigin = \"a b\"\n"), "proof.origin", &["neither spaces"]);
    assert_refused(
        from_file("[proof]\nformer_keys = [\"a+b+c\"]\n"),
        "proof.former_keys[0]",
        &["name+hash+key"],
    );
    assert_refused(
        from_file("[server]\npublic_url = \"https://h/path\"\n"),
        "server.public_url",
        &["end after the host"],
    );
    assert_refused(from_file("[server]\npublic_url = \"h\"\n"), "server.public_url", &[".toml"]);
}

#[test]
fn no_refusal_repeats_a_secret() {
    let refused = [
        from_file("[database]\nurl = \"mysql://u:hunter2@h/x\"\n"),
        from_file("[keys]\nmaster = \"hunter2\"\n"),
        from_environment(&[("NATS_URL", "http://u:hunter2@h")]),
        from_file(&SMTP.replace("from =", "form =")),
        from_file("[nats]\nurl = [\"hunter2\"]\n"),
    ];
    for config in refused {
        let text = format!("{:?}", config.expect_err("it is refused"));
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_configuration_does_not_print_its_secrets() {
    let text = format!(
        "{SMTP}{TWILIO}secret = \"hunter2\"\n[keys]\nmaster = \"{KEY}\"\n[nats]\nurl = \"nats://hunter2@h\"\n"
    );
    let printed = format!("{:?}", from_both(&text, &[("DATABASE_URL", "postgres://u:hunter2@h/x")]).unwrap());
    assert!(!printed.contains("hunter2") && !printed.contains("17, 34"), "{printed}");
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("  {KEY}\n")).unwrap();
    let path = file.path().display();
    let config = from_file(&format!("[keys]\nmaster_file = \"{path}\"\n")).unwrap();
    assert_eq!(hex::encode(config.master_key.unwrap().expose()), KEY);
}

#[test]
fn a_secret_file_that_is_missing_or_empty_is_named_by_its_key() {
    let missing = "[keys]\nmaster_file = \"/nowhere/key\"\n";
    assert_refused(from_file(missing), "keys.master_file", &["/nowhere/key", ".toml"]);
    let empty = tempfile::NamedTempFile::new().unwrap();
    let text = format!("{TWILIO}secret_file = \"{}\"\n", empty.path().display());
    assert_refused(from_file(&text), "sms.providers[0].secret_file", &["empty"]);
}

#[test]
fn a_secret_and_its_file_in_one_place_are_refused() {
    let both = format!("[keys]\nmaster = \"{KEY}\"\nmaster_file = \"/nowhere\"\n");
    assert_refused(from_file(&both), "keys.master", &["beside keys.master_file"]);
    let both = format!("{TWILIO}secret = \"t\"\nsecret_file = \"/nowhere\"\n");
    assert_refused(from_file(&both), "sms.providers[0].secret", &["beside"]);
}

#[test]
fn of_a_secret_and_its_file_in_two_places_the_later_place_wins() {
    let text = "[database]\nurl_file = \"/nowhere\"\n";
    let config = from_both(text, &[("DATABASE_URL", "postgres://h/x")]).unwrap();
    assert_eq!(config.database.url.unwrap().expose(), "postgres://h/x");
    let text = "[database]\nurl = \"postgres://h/x\"\n";
    let later = [("MENSAJERIA__DATABASE__URL_FILE", "/nowhere")];
    assert_refused(from_both(text, &later), "database.url_file", &["MENSAJERIA__DATABASE__URL_FILE"]);
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_named() {
    let missing = Config::load(Some(Path::new("/nowhere/config.toml")), []).unwrap_err().to_string();
    assert!(missing.contains("/nowhere/config.toml"), "{missing}");
    let broken = from_file("[server\n").unwrap_err();
    assert!(matches!(&broken, ConfigError::File { problem, .. } if problem.contains("line 1")), "{broken}");
}

fn for_serve(change: impl FnOnce(&mut Config)) -> Result<(), ConfigError> {
    let variables = [
        ("MENSAJERIA__SERVER__PUBLIC_URL", "https://mensajes.example.com"),
        ("MENSAJERIA__KEYS__MASTER", KEY),
        ("MENSAJERIA__PROOF__KEY", KEY),
        ("DATABASE_URL", "postgres://h/x"),
        ("NATS_URL", "nats://h"),
    ];
    let mut config = from_environment(&variables).unwrap();
    change(&mut config);
    config.validate_for_serve()
}

#[test]
fn serve_takes_a_configuration_without_providers() {
    assert!(for_serve(|_| {}).is_ok());
}

#[test]
fn serve_names_its_missing_keys() {
    let missing = [
        (for_serve(|config| config.master_key = None), "keys.master"),
        (for_serve(|config| config.proof.key = None), "proof.key"),
        (for_serve(|config| config.database.url = None), "database.url"),
        (for_serve(|config| config.nats_url = None), "nats.url"),
        (for_serve(|config| config.server.public_url = None), "server.public_url"),
    ];
    for (outcome, expected) in missing {
        let error = outcome.expect_err("it is refused");
        assert!(matches!(&error, ConfigError::Missing { key, .. } if *key == expected), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn serve_refuses_the_simulator() {
    let error = for_serve(|config| config.simulator.enabled = Some(true)).unwrap_err().to_string();
    assert!(error.contains("simulator.enabled"), "{error}");
    assert!(for_serve(|config| config.simulator.enabled = Some(false)).is_ok());
}

#[test]
fn serve_refuses_a_public_address_without_tls() {
    let error =
        for_serve(|config| config.server.public_url = "http://h".parse().ok()).unwrap_err().to_string();
    assert!(error.contains("server.public_url") && error.contains("https://"), "{error}");
}

#[test]
fn the_data_folder_follows_the_general_variable_unless_configured() {
    let variable = |name: &str| (name == "XDG_DATA_HOME").then(|| OsString::from("/xdg"));
    assert_eq!(DataFolder { dir: None }.or_default(variable), PathBuf::from("/xdg/mensajeria"));
    assert_eq!(DataFolder { dir: Some("/own".into()) }.or_default(variable), PathBuf::from("/own"));
}
