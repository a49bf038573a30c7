//! What every fault happens to: the program as a process of its own, an outside world with books of its own, and a load
//! whose every request has an id. At the end requests, events, attempts and books are compared.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use commands::log::{EventLog, MasterKey};
use commands::{CommandContext, clock, companies, users};
use dispatcher::simulator::ledger::{self, LedgerEntry};
use dispatcher::simulator::{Simulator, SimulatorOptions};
use domain::client::{ClientProfile, Contact};
use domain::company::CompanyDetails;
use domain::user::RegisterUser;
use domain::value::{CompanyId, ContactKind, Locale, Role, UserId};
use gateway::access::{Token, hash_password};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::program::Program;
use tests::{Client, servers};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// The master key of every scene.
const MASTER: [u8; 32] = [9; 32];
/// How many clients are notified, each on both channels.
pub(crate) const CLIENTS: usize = 60;
/// How many connections the program has to each provider: so many sends can be in flight at a kill.
pub(crate) const CONNECTIONS: usize = 4;
/// How long the program may take to come to rest: a dead owner's lease, and then some.
const REST_TIMEOUT: Duration = Duration::from_secs(90);
/// How soon a request that got no answer is made again, and a state that is waited for is looked at again.
const AGAIN: Duration = Duration::from_millis(50);

/// A database with a company and its people, an outside world, and the settings of a program between them.
pub(crate) struct Scene {
    pub(crate) log: EventLog,
    pub(crate) simulator: Simulator,
    pub(crate) company: CompanyId,
    token: String,
    reader: UserId,
    folder: TempDir,
    environment: HashMap<String, String>,
}

impl Scene {
    /// On the shared servers.
    pub(crate) async fn set() -> Self {
        let nats = servers::shared_durable().await.nats_url().expect("a broker").to_owned();
        Self::set_on(servers::durable_database().await, nats).await
    }

    /// On given servers.
    pub(crate) async fn set_on(database_url: String, nats_url: String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SimulatorOptions {
            ledger: Some(folder.path().join("ledger")),
            ..SimulatorOptions::new(Arc::new(clock::now))
        };
        let simulator = Simulator::start(options).await.expect("the simulator starts");
        let pool = sqlx::PgPool::connect(&database_url).await.expect("the database answers");
        let log = EventLog::open(pool, &MasterKey::new(MASTER)).await.expect("the log opens");
        let company = company(&log).await;
        let (reader, token) = notifier(&log, company).await;
        let environment = environment(&database_url, &nats_url, &simulator);
        Self { log, simulator, company, token, reader, folder, environment }
    }

    /// Starts the program; `failpoints` as in `append::committed=5*off->return`.
    pub(crate) async fn program(&self, failpoints: &str) -> Program {
        Program::start(&["serve"], &self.environment, failpoints).await
    }

    /// A client of a running program, as the company's notifier.
    pub(crate) fn client(&self, program: &Program) -> Client {
        Client::new(&program.base, Some(self.token.clone()), self.reader)
    }

    /// The books of the outside world.
    pub(crate) fn books(&self) -> Vec<LedgerEntry> {
        ledger::read(&self.ledger()).expect("the ledger can be read")
    }

    fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }
}

fn environment(database_url: &str, nats_url: &str, simulator: &Simulator) -> HashMap<String, String> {
    let (smtp, sms) = (simulator.smtp_settings(1), simulator.twilio_settings(1));
    let email = format!(
        "[{{ name = \"correo\", url = \"{}\", from = \"{}\", connections = {CONNECTIONS} }}]",
        smtp.url, smtp.from
    );
    let sms = format!(
        "[{{ name = \"sms\", kind = \"twilio\", base_url = \"{}\", account = \"{}\", secret = \"{}\", from = \"{}\", \
         connections = {CONNECTIONS} }}]",
        sms.base_url, sms.account, sms.secret, sms.from
    );
    [
        ("DATABASE_URL", database_url.to_owned()),
        ("NATS_URL", nats_url.to_owned()),
        ("MENSAJERIA__SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("MENSAJERIA__SERVER__PUBLIC_URL", "https://mensajes.test".to_owned()),
        ("MENSAJERIA__KEYS__MASTER", "09".repeat(32)),
        ("MENSAJERIA__EMAIL__PROVIDERS", email),
        ("MENSAJERIA__SMS__PROVIDERS", sms),
        ("MENSAJERIA__LOG__LEVEL", "error".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

async fn company(log: &EventLog) -> CompanyId {
    let company = CompanyId::from(clock::new_id());
    let details = CompanyDetails {
        name: "Vigía".parse().expect("a name"),
        country: "CO".parse().expect("a country"),
        time_zone: "America/Bogota".parse().expect("a time zone"),
    };
    let time_zone = details.time_zone;
    let context = CommandContext::of_system();
    companies::register(log, company, details, &context).await.expect("a company");
    let page = (0..CLIENTS).map(profile).collect();
    let defaults = (Locale::default(), time_zone);
    commands::clients::import_page(log, company, page, defaults, false, &context).await.expect("clients");
    company
}

fn profile(n: usize) -> ClientProfile {
    let contact = Contact {
        kind: ContactKind::Holder,
        name: format!("Cliente {n}"),
        phone: Some(format!("+573001{:06}", 100_000 + n)),
        email: Some(format!("cliente{n}@clientes.test")),
    };
    ClientProfile { external_id: Some(format!("C-{n}")), name: format!("Cliente {n}"), contacts: vec![contact] }
}

async fn notifier(log: &EventLog, company: CompanyId) -> (UserId, String) {
    let user = UserId::from(clock::new_id());
    let order = RegisterUser {
        user,
        name: "Natalia".parse().expect("a name"),
        email: format!("{user}@usuarios.test").parse().expect("an address"),
        roles: [Role::Operator, Role::Notifier].into(),
        companies: [company].into(),
    };
    let (hash, context) = (hash_password("correcto caballo").expect("a hash"), CommandContext::of_system());
    users::register(log, order, &hash, &context, &json!({})).await.expect("a user");
    let token = Token::generate().expect("randomness");
    users::issue_token(log, user, token.hash().as_bytes(), &context).await.expect("a token");
    (user, token.as_str().to_owned())
}

/// What is asked of the program: each request under a key of its own, made again under it until it is answered.
#[derive(Debug, Default)]
pub(crate) struct Load {
    messages: BTreeMap<String, Option<String>>,
    notifications: BTreeMap<String, Option<String>>,
}

impl Load {
    /// So many messages, and one notification on each channel.
    pub(crate) fn of(messages: usize) -> Self {
        let keys = (0..messages).map(|n| (format!("message-{n}"), None));
        let channels = ["sms", "email"].map(|channel| (channel.to_owned(), None));
        Self { messages: keys.collect(), notifications: channels.into() }
    }

    /// Makes every request that is not answered yet; stops at the first that gets no answer, as when the program dies.
    pub(crate) async fn apply(&mut self, scene: &Scene, client: &Client) -> Result<(), NoAnswer> {
        for (key, id) in self.notifications.iter_mut().filter(|(_, id)| id.is_none()) {
            *id = Some(ask(client, "/notifications", key, &notification(scene, key)).await?);
        }
        for (key, id) in self.messages.iter_mut().filter(|(_, id)| id.is_none()) {
            let body = json!({"recipients": [client.user], "body": format!("mensaje {key}")});
            *id = Some(ask(client, "/messages", key, &body).await?);
        }
        Ok(())
    }

    /// The ids of the notifications, once all are answered.
    pub(crate) fn notifications(&self) -> impl Iterator<Item = &str> {
        self.notifications.values().map(|id| id.as_deref().expect("every request was answered"))
    }

    fn message_ids(&self) -> BTreeSet<&str> {
        self.messages.values().map(|id| id.as_deref().expect("every request was answered")).collect()
    }
}

/// A request got no answer: the program is gone, or cannot do it at the moment.
#[derive(Debug)]
pub(crate) struct NoAnswer;

fn notification(scene: &Scene, channel: &str) -> Value {
    let mut body = json!({
        "company_id": scene.company, "channel": channel, "recipient_kind": "holder", "category": "operational",
        "body": "Prueba de alarma",
    });
    if channel == "email" {
        body["subject"] = "Prueba".into();
    }
    body
}

async fn ask(client: &Client, path: &str, key: &str, body: &Value) -> Result<String, NoAnswer> {
    let request = client.request(Method::POST, path).header("Idempotency-Key", key).json(body);
    let response = request.send().await.map_err(|_| NoAnswer)?;
    if response.status().is_server_error() {
        return Err(NoAnswer);
    }
    assert!(response.status().is_success(), "{path} {key}: {}", response.status());
    let answer: Value = response.json().await.map_err(|_| NoAnswer)?;
    Ok(tests::id_of(&answer))
}

/// Makes every request again and again until each is answered.
pub(crate) async fn apply_until_answered(load: &mut Load, scene: &Scene, client: &Client) {
    let all = async {
        while load.apply(scene, client).await.is_err() {
            sleep(AGAIN).await;
        }
    };
    timeout(REST_TIMEOUT, all).await.expect("every request is answered in time");
}

/// How a notification stands in the end.
pub(crate) struct Rest {
    pub(crate) accepted: u64,
    pub(crate) in_doubt: u64,
}

/// Waits until a notification has come to rest, and checks that its totals are the sum of their parts.
pub(crate) async fn rest(client: &Client, notification: &str) -> Rest {
    let waiting = async {
        loop {
            let answer = client.get(&format!("/notifications/{notification}")).await;
            if answer.status == 200 && answer.body["state"] == "completed" {
                return answer.body["totals"].clone();
            }
            sleep(AGAIN).await;
        }
    };
    let totals = timeout(REST_TIMEOUT, waiting).await.expect("the notification comes to rest in time");
    let number = |name: &str| totals[name].as_u64().expect("a number");
    let parts = ["pending", "sending", "accepted", "delivered", "deferred", "failed", "suppressed", "in_doubt", "cancelled"];
    assert_eq!(parts.iter().map(|part| number(part)).sum::<u64>(), number("total"), "{totals}");
    assert_eq!(number("total"), CLIENTS as u64, "{totals}");
    assert_eq!(number("accepted") + number("in_doubt"), CLIENTS as u64, "{totals}");
    Rest { accepted: number("accepted"), in_doubt: number("in_doubt") }
}

/// Compares requests, events, attempts and books: nothing lost, nothing twice, honest doubt.
pub(crate) async fn compare(scene: &Scene, client: &Client, load: &Load) {
    let mut in_doubt = 0;
    for notification in load.notifications() {
        let rest = rest(client, notification).await;
        assert!(rest.accepted >= (CLIENTS - CONNECTIONS) as u64, "doubt exceeds what was in flight");
        in_doubt += rest.in_doubt;
    }
    let books = scene.books();
    let addresses: BTreeSet<_> = books.iter().map(|entry| &entry.to).collect();
    assert_eq!(addresses.len(), books.len(), "somebody was told twice");
    assert!(books.len() as u64 + in_doubt >= 2 * CLIENTS as u64, "somebody was not told: {} + {in_doubt}", books.len());

    let sent: Vec<String> =
        sqlx::query_scalar("select aggregate_id from events where event_type = 'MessageSent' order by position")
            .fetch_all(scene.log.pool())
            .await
            .expect("the events");
    let expected = load.message_ids();
    assert_eq!(sent.len(), expected.len(), "a message was lost or doubled");
    assert_eq!(sent.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected);
    let unread = client.get("/me").await.expect(200)["counts"]["unread"].clone();
    assert_eq!(unread, expected.len(), "the count of unread messages is wrong");
    positions_are_dense(scene).await;
}

async fn positions_are_dense(scene: &Scene) {
    let (count, head): (i64, i64) = sqlx::query_as("select count(*), coalesce(max(position), 0) from events")
        .fetch_one(scene.log.pool())
        .await
        .expect("the events");
    assert_eq!(count, head, "positions have a gap");
}

/// An id that a test can make up.
pub(crate) fn some_id() -> Uuid {
    clock::new_id()
}
