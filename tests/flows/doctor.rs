//! `mensajeria doctor` and `mensajeria provider test`, against real servers, simulated providers and a DNS of the test.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use commands::clock;
use commands::relay::{self, Mirror};
use dispatcher::simulator::{ACCOUNT, Behaviour, Refusal, SECRET, SimulatorOptions};
use domain::value::Channel;
use serde_json::Value;
use tempfile::TempDir;
use tests::dns::{FakeDns, Record};
use tests::program::{self, Ended, text};
use tests::world::{MASTER, PROOF_KEY};
use tests::{HANG, World, servers};
use tokio::net::TcpListener;
use tokio::time::timeout;

/// That it was not reached.
const UNAVAILABLE: i32 = 4;
/// How long a server may take to greet (RFC 5321 4.5.3.2.1).
const SMTP_GREETING: Duration = Duration::from_secs(300);
/// That it was refused.
const REFUSED: i32 = 5;
/// That doctor found faults.
const FAULTS: i32 = 7;

const PASSWORD: &str = "hunter2";
const SPF: &str = "v=spf1 include:_spf.vigia.test -all";

/// A configuration on the servers of a world.
struct Clinic {
    world: World,
    dns: FakeDns,
    environment: HashMap<String, String>,
    folder: TempDir,
    /// The password of the mail server and the token of the SMS API, as configured.
    secrets: [&'static str; 2],
    selector: Option<&'static str>,
    return_path: Option<&'static str>,
    /// The mail server, if it is not the simulated one.
    mail_server: Option<String>,
}

impl Clinic {
    async fn open(zone: Vec<(&'static str, Record)>) -> Self {
        let database = servers::durable_database().await;
        let stack = servers::shared().await;
        let nats = stack.nats_url().expect("a broker").to_owned();
        let login = Some(("avisos".to_owned(), PASSWORD.to_owned()));
        let options = SimulatorOptions { smtp_login: login, ..SimulatorOptions::new(Arc::new(clock::now)) };
        let world = World::on(database, nats, options).await;
        world.company("Vigía").await;
        mirrored(&world).await;
        let environment = [
            ("DATABASE_URL", world.database_url.clone()),
            ("NATS_URL", world.nats_url.clone()),
            ("MENSAJERIA__KEYS__MASTER", hex(&MASTER)),
            ("MENSAJERIA__PROOF__KEY", hex(&PROOF_KEY)),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).into();
        let folder = tempfile::tempdir().expect("a folder");
        let secrets = [PASSWORD, SECRET];
        Self {
            world,
            dns: FakeDns::start(zone).await,
            environment,
            folder,
            secrets,
            selector: Some("s1"),
            return_path: None,
            mail_server: None,
        }
    }

    fn configuration(&self) -> String {
        let [password, token] = self.secrets;
        let (smtp, sms) = (self.world.simulator.smtp_url(), self.world.simulator.sms_base_url());
        let smtp = self.mail_server.clone().unwrap_or(smtp);
        let smtp = smtp.replace("smtp://", &format!("smtp://avisos:{password}@"));
        let selector = self.selector.map(|selector| format!("dkim_selector = \"{selector}\"\n"));
        let text = format!(
            "[dns]\nserver = \"{}\"\n[[email.providers]]\nname = \"principal\"\nurl = \"{smtp}\"\n\
             from = \"Avisos <avisos@vigia.test>\"\n{}{}\
             [[sms.providers]]\nname = \"primero\"\nkind = \"twilio\"\nbase_url = \"{sms}\"\n\
             account = \"{ACCOUNT}\"\nsecret = \"{token}\"\nfrom = \"+15005550006\"\n",
            self.dns.address,
            selector.unwrap_or_default(),
            self.return_path.map(|path| format!("return_path = \"{path}\"\n")).unwrap_or_default(),
        );
        let path = self.folder.path().join("config.toml");
        std::fs::write(&path, text).expect("the file is written");
        text_of(&path)
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        let configuration = self.configuration();
        let here = ["--config", configuration.as_str(), "--data", text(self.folder.path())];
        program::run(&[arguments, &here].concat(), &self.environment, "").await
    }

    async fn doctor(&self) -> Report {
        let ended = self.run(&["doctor", "--json"]).await;
        let said = format!("{}{}", ended.output, ended.errors);
        for secret in [PASSWORD, "avisos@", &hex(&MASTER), &hex(&PROOF_KEY)] {
            assert!(!said.contains(secret), "{secret} in {said}");
        }
        Report { code: ended.code, answer: serde_json::from_str(&ended.output).expect("one object") }
    }
}

/// Waits until the stream has every event.
async fn mirrored(world: &World) {
    let broker = world.broker().await;
    let following = async {
        loop {
            match relay::look(world.log().reader(), &broker).await {
                Ok(Mirror::Follows { last, head }) if last == head => return,
                _ => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(HANG, following).await.expect("the relay publishes");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text_of(path: &std::path::Path) -> String {
    text(path).to_owned()
}

/// What doctor said.
#[derive(Debug)]
struct Report {
    code: i32,
    answer: Value,
}

impl Report {
    fn of(&self, check: &str) -> &Value {
        let findings = self.answer["findings"].as_array().expect("a list");
        findings
            .iter()
            .find(|finding| finding["check"] == check)
            .unwrap_or_else(|| panic!("no {check}: {self:?}"))
    }

    fn level(&self, check: &str) -> &str {
        self.of(check)["level"].as_str().expect("a level")
    }

    fn faults(&self) -> Vec<&str> {
        let findings = self.answer["findings"].as_array().expect("a list");
        let faults = findings.iter().filter(|finding| finding["level"] == "fault");
        faults.map(|finding| finding["check"].as_str().expect("a name")).collect()
    }
}

fn good_zone() -> Vec<(&'static str, Record)> {
    vec![
        ("vigia.test", Record::Mx(10, "mail.vigia.test")),
        ("vigia.test", Record::Txt("google-site-verification=x")),
        ("vigia.test", Record::Txt(SPF)),
        ("_dmarc.vigia.test", Record::Txt("v=DMARC1; p=quarantine")),
        ("s1._domainkey.vigia.test", Record::Txt("v=DKIM1; k=rsa; p=MIGf")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_finds_no_fault_where_all_is_well_and_says_what_it_saw() {
    let clinic = Clinic::open(good_zone()).await;
    let report = clinic.doctor().await;
    assert_eq!((report.code, report.faults()), (0, Vec::new()), "{report:?}");
    assert_eq!(report.answer["ok"], true);
    let ok = [
        "email.principal.dns",
        "email.principal.log_in",
        "sms.primero.log_in",
        "sms.primero.clock",
        "sender.vigia.test.mx",
        "sender.vigia.test.spf",
        "sender.vigia.test.dkim",
        "sender.vigia.test.dmarc",
        "postgres.version",
        "postgres.fsync",
        "postgres.full_page_writes",
        "postgres.synchronous_commit",
        "postgres.clock",
        "jetstream.connection",
        "jetstream.step",
        "keys.master",
        "keys.sample",
        "proof.key",
        "proof.checkpoint",
    ];
    for check in ok {
        assert_eq!(report.level(check), "ok", "{}", report.of(check));
    }
    for without in ["email.principal.return_path", "server.public_url"] {
        assert_eq!(report.level(without), "warning", "{}", report.of(without));
    }
    for clear in ["email.principal.tls", "sms.primero.tls"] {
        assert_eq!(report.level(clear), "warning");
        assert!(report.of(clear)["advice"].is_string(), "what to do: {clear}");
    }
    for of_machine in ["machine.disk", "machine.memory", "machine.files"] {
        report.of(of_machine);
    }
    assert!(clinic.world.simulator.arrivals(None, None, 10).data.is_empty(), "nothing was sent");

    let said = clinic.run(&["doctor"]).await;
    assert!(said.output.contains("ok       keys.sample: "), "{}", said.output);
    clinic.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_finds_every_fault_at_once() {
    let mut clinic = Clinic::open(vec![("vigia.test", Record::Txt("v=spf1 mx"))]).await;
    clinic.secrets = ["wrong", "wrong"];
    let report = clinic.doctor().await;
    let faults =
        ["email.principal.log_in", "sms.primero.log_in", "sender.vigia.test.mx", "sender.vigia.test.dkim"];
    for fault in faults {
        assert_eq!(report.level(fault), "fault", "{}", report.of(fault));
        assert!(report.of(fault)["advice"].is_string(), "what to do: {fault}");
    }
    assert_eq!(report.level("sender.vigia.test.spf"), "warning");
    assert!(
        report.of("sender.vigia.test.spf")["seen"].as_str().is_some_and(|seen| seen.contains("no `all`"))
    );
    assert_eq!(report.level("sender.vigia.test.dmarc"), "warning");
    assert_eq!(report.level("jetstream.step"), "ok", "one fault does not stop the other checks");
    assert_eq!((report.code, &report.answer["ok"]), (FAULTS, &Value::Bool(false)));

    clinic.selector = None;
    let report = clinic.doctor().await;
    assert_eq!(report.level("sender.vigia.test.dkim"), "warning");
    assert!(
        report.of("sender.vigia.test.dkim")["seen"]
            .as_str()
            .is_some_and(|seen| seen.contains("cannot be known"))
    );
    clinic.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_looks_at_the_domain_that_bounces_come_to() {
    let mut clinic = Clinic::open(good_zone()).await;
    clinic.return_path = Some("rebotes@rebotes.test");
    let report = clinic.doctor().await;
    assert_eq!(report.level("email.principal.return_path"), "ok");
    for fault in ["return_path.rebotes.test.mx", "return_path.rebotes.test.spf"] {
        assert_eq!(report.level(fault), "fault", "{}", report.of(fault));
    }
    clinic.return_path = Some("rebotes@vigia.test");
    assert_eq!(clinic.doctor().await.faults(), Vec::<&str>::new());
    clinic.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_knows_a_domain_that_takes_no_mail_and_one_that_everybody_may_send_for() {
    let zone = vec![
        ("vigia.test", Record::Mx(0, "")),
        ("vigia.test", Record::A(Ipv4Addr::new(192, 0, 2, 1))),
        ("vigia.test", Record::Txt("v=spf1 +all")),
        ("_dmarc.vigia.test", Record::Txt("v=DMARC1; rua=mailto:a@vigia.test")),
    ];
    let clinic = Clinic::open(zone).await;
    let report = clinic.doctor().await;
    for fault in ["sender.vigia.test.mx", "sender.vigia.test.spf", "sender.vigia.test.dmarc"] {
        assert_eq!(report.level(fault), "fault", "{}", report.of(fault));
    }
    clinic.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_doctor_says_that_dns_cannot_be_known() {
    let mut clinic = Clinic::open(good_zone()).await;
    let nobody = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let closed = nobody.local_addr().expect("an address");
    drop(nobody);
    clinic.dns.address = closed;
    let report = clinic.doctor().await;
    for check in ["mx", "spf", "dkim", "dmarc"].map(|what| format!("sender.vigia.test.{what}")) {
        assert_eq!(report.level(&check), "warning", "{}", report.of(&check));
        assert!(report.of(&check)["advice"].as_str().is_some_and(|advice| advice.contains("offline")));
    }
    assert_eq!(report.code, 0, "{report:?}");
    clinic.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_finds_servers_that_are_away_or_lose_commits_and_a_wrong_key() {
    let mut clinic = Clinic::open(good_zone()).await;
    clinic.environment.insert("MENSAJERIA__KEYS__MASTER".into(), hex(&[8; 32]));
    let report = clinic.doctor().await;
    assert_eq!((report.code, report.faults()), (FAULTS, vec!["keys.sample"]));

    clinic.environment.insert("DATABASE_URL".into(), servers::database().await);
    let report = clinic.doctor().await;
    assert_eq!(report.level("postgres.fsync"), "fault", "{}", report.of("postgres.fsync"));

    clinic.environment.insert("DATABASE_URL".into(), "postgres://x@127.0.0.1:1/x".into());
    let report = clinic.doctor().await;
    assert_eq!((report.level("postgres.connection"), report.level("jetstream.connection")), ("fault", "ok"));
    clinic.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_finds_a_key_of_checkpoints_that_is_missing_or_did_not_sign_them() {
    const VARIABLE: &str = "MENSAJERIA__PROOF__KEY";
    let mut clinic = Clinic::open(good_zone()).await;
    clinic.world.sealed().await;
    clinic.environment.insert(VARIABLE.into(), hex(&[8; 32]));
    let report = clinic.doctor().await;
    assert_eq!((report.code, report.faults()), (FAULTS, vec!["proof.checkpoint"]));
    let advice = report.of("proof.checkpoint")["advice"].as_str().expect("what to do");
    assert!(advice.contains("proof.former_keys"), "{advice}");

    clinic.environment.remove(VARIABLE);
    let report = clinic.doctor().await;
    assert_eq!((report.code, report.faults()), (FAULTS, vec!["proof.key"]));
    let advice = report.of("proof.key")["advice"].as_str().expect("what to do");
    assert!(advice.contains("openssl rand -hex 32") && advice.contains("proof.key_file"), "{advice}");
    assert!(!clinic.folder.path().join("proof.key").exists(), "doctor makes no key");
    clinic.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_tried_with_one_real_message() {
    let clinic = Clinic::open(good_zone()).await;
    let sent = clinic.run(&["provider", "test", "principal", "--to", "ana@cliente.test"]).await;
    assert!(sent.code == 0 && sent.output.starts_with("accepted: "), "{sent:?}");
    let sent = clinic.run(&["provider", "test", "primero", "--to", "+573001234567", "--json"]).await;
    let answer: Value = serde_json::from_str(&sent.output).expect("one object");
    assert_eq!((sent.code, &answer["outcome"]), (0, &Value::from("accepted")));
    let arrived = |channel| clinic.world.simulator.arrivals(Some(channel), None, 10).data;
    assert_eq!(arrived(Channel::Email)[0].to, "ana@cliente.test");
    assert_eq!(arrived(Channel::Sms)[0].to, "+573001234567");

    let refused = clinic.run(&["provider", "test", "primero", "--to", "+573000000001"]).await;
    assert!(refused.code == REFUSED && refused.output.contains("21211"), "{refused:?}");
    let opted_out = clinic.run(&["provider", "test", "primero", "--to", "+573000000005"]).await;
    let said = "Attempt to send to unsubscribed recipient";
    assert!(opted_out.code == REFUSED && opted_out.output.contains(said), "{opted_out:?}");
    clinic.world.simulator.set_rule(Channel::Sms, "0010", Behaviour::Refuse(Refusal::sms(400, 0, "no JSON")));
    let proxy = clinic.run(&["provider", "test", "primero", "--to", "+573000000010", "--json"]).await;
    let answer: Value = serde_json::from_str(&proxy.output).expect("one object");
    let said = answer["said"].as_str().unwrap_or_default();
    assert!(said.starts_with("HTTP 400") && said.ends_with("null"), "as it came: {answer}");
    let unknown = clinic.run(&["provider", "test", "principal", "--to", "+573001234567"]).await;
    assert_eq!(unknown.code, REFUSED, "a name is one channel's");
    let nobody = clinic.run(&["provider", "test", "primero", "--to", "3001234567"]).await;
    assert_eq!(nobody.code, 2, "{nobody:?}");
    clinic.world.stop().await;
}

#[tokio::test]
async fn a_test_message_to_a_server_that_waits_for_tls_ends_soon_and_says_what_to_do() {
    // As a port that begins with TLS does: it waits for the client's first word.
    let mute = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = mute.local_addr().expect("an address");
    let clinic = Clinic { mail_server: Some(format!("smtp://{address}")), ..Clinic::open(Vec::new()).await };
    let test = ["provider", "test", "principal", "--to", "ana@cliente.test", "--json"];
    // SMTP itself would wait for five minutes, and the program is given no more time than that.
    let tested = timeout(SMTP_GREETING, clinic.run(&test)).await.expect("it ends before SMTP's own deadline");
    let answer: Value = serde_json::from_str(&tested.output).expect("one object");
    assert_eq!((tested.code, &answer["outcome"]), (UNAVAILABLE, &Value::from("unsent")), "{tested:?}");
    assert!(answer["advice"].as_str().is_some_and(|advice| advice.contains("smtps://")), "{answer}");
    clinic.world.stop().await;
}
