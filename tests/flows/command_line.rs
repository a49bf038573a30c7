//! The command line beside a running server: what each command does, what it prints, and how it ends.

use std::collections::HashMap;

use domain::value::Role;
use projections::Projection;
use projections::proof::SigningKey;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::ledger::Ledger;
use tests::notified::finished;
use tests::orders::{client_of, message_to, sms_to};
use tests::program::{self, Ended, Program, text};
use tests::world::{MASTER, PASSWORD};
use tests::{Client, World, id_of};

/// How the program says that something failed that no other code tells.
const FAILED: i32 = 1;
/// That its command line is wrong.
const USAGE: i32 = 2;
/// That its configuration is.
const CONFIGURATION: i32 = 3;
/// That a server it needs is away.
const UNAVAILABLE: i32 = 4;
/// That a rule refuses what was asked.
const REFUSED: i32 = 5;
/// That only some of it was done.
const IN_PART: i32 = 6;
/// That the log is not the one that was signed.
const FAULTS: i32 = 7;

/// A program that works on the same servers as a running system.
struct Beside {
    environment: HashMap<String, String>,
    folder: TempDir,
}

impl Beside {
    fn of(world: &World) -> Self {
        let master: String = MASTER.iter().map(|byte| format!("{byte:02x}")).collect();
        let environment = [
            ("DATABASE_URL", world.database_url.clone()),
            ("NATS_URL", world.nats_url.clone()),
            ("MENSAJERIA__KEYS__MASTER", master),
            ("MENSAJERIA__PROOF__KEY", "09".repeat(32)),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).into();
        Self { environment, folder: tempfile::tempdir().expect("a folder") }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    async fn run(&self, arguments: &[&str], input: &str) -> Ended {
        let here = ["--data", text(self.folder.path())];
        program::run(&[arguments, &here].concat(), &self.environment, input).await
    }

    /// Of a command that does what it is asked: its object in JSON.
    async fn done(&self, arguments: &[&str], input: &str) -> Value {
        let ended = self.run(&[arguments, &["--json"]].concat(), input).await;
        assert_eq!(ended.code, 0, "{arguments:?}: {}", ended.errors);
        serde_json::from_str(&ended.output).expect("one object")
    }

    /// Of a command that does not: its exit code; it says why and prints no result.
    async fn refused(&self, arguments: &[&str]) -> i32 {
        let ended = self.run(arguments, "").await;
        assert_ne!(ended.code, 0, "{arguments:?}");
        let says_why = ["mensajeria: ", "error: "].iter().any(|start| ended.errors.contains(start));
        assert!(says_why && ended.output.is_empty(), "{ended:?}");
        ended.code
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("the file is written");
        text(&path).to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_added_gets_a_token_and_is_disabled() {
    let world = World::start().await;
    let company = world.company("Vigía").await.to_string();
    let beside = Beside::of(&world);
    let add = ["user", "add", "--name", "Íñigo Peña", "--email", "inigo@vigia.test", "--role", "operator"];
    let add = [&add[..], &["--company", &company]].concat();
    let added = beside.done(&add, &format!("{PASSWORD}\n")).await;
    world.caught_up().await;

    let browser = world.nobody().log_in("inigo@vigia.test", PASSWORD).await;
    let me = browser.get("/me").await.expect(200);
    assert_eq!((&me["id"], &me["roles"]), (&added["id"], &json!(["operator"])));
    assert_eq!(beside.run(&add, PASSWORD).await.code, REFUSED, "the address is taken");

    let script = async || {
        let issued = beside.done(&["user", "token", "--email", "INIGO@vigia.test"], "").await;
        let token = issued["token"].as_str().map(str::to_owned);
        Client::new(&world.base(), token, uuid::Uuid::nil().into())
    };
    // What the server has seen it believes for two seconds more; so it has not seen this one.
    let unseen = script().await;
    script().await.get("/me").await.expect(200);
    beside.done(&["user", "disable", "--email", "inigo@vigia.test"], "").await;
    unseen.get("/me").await.refused(401);
    let login = json!({"email": "inigo@vigia.test", "password": PASSWORD});
    world.nobody().post("/session", &login).await.refused(401);
    assert_eq!(rows(&world, "select count(*) from api_tokens").await, 0, "enabled again, no token works");
    for command in ["token", "password", "disable"] {
        assert_eq!(beside.refused(&["user", command, "--email", "nadie@vigia.test"]).await, REFUSED);
    }
    assert_eq!(beside.refused(&["user", "token", "--email", "inigo@vigia.test"]).await, REFUSED);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_suppressed_listed_and_sent_to_again() {
    let world = World::start().await;
    let (company, other) =
        (world.company("Vigía").await.to_string(), world.company("Otra").await.to_string());
    let beside = Beside::of(&world);
    let add = ["suppressions", "add", "--company", &company, "--channel", "sms", "--address"];
    let added = beside.done(&[&add[..], &["301 551 0101", "--note", "Lo pidió"]].concat(), "").await;
    let again = beside.done(&[&add[..], &["+573015510101", "--reason", "bounce"]].concat(), "").await;
    assert_eq!(added, again, "it is suppressed once, by the stronger cause");
    world.caught_up().await;

    let listed = beside.done(&["suppressions", "list", "--company", &company], "").await;
    assert_eq!(
        (&listed["id"], &listed["address"], &listed["reason"], &listed["note"]),
        (&added["id"], &json!("+573015510101"), &json!("manual"), &json!("Lo pidió"))
    );
    let lines = beside.run(&["suppressions", "list", "--channel", "sms"], "").await.output;
    assert!(lines.lines().count() == 1 && lines.contains("\t+573015510101\tmanual\t"), "{lines}");
    for none in [["--company", &other], ["--channel", "email"], ["--reason", "bounce"]] {
        let ended = beside.run(&[&["suppressions", "list"], &none[..]].concat(), "").await;
        assert_eq!((ended.code, ended.output.as_str()), (0, ""), "{none:?}");
    }

    let id = added["id"].as_str().expect("an id");
    beside.done(&["suppressions", "remove", id, "--reason", "Fue un error"], "").await;
    world.caught_up().await;
    assert_eq!(beside.run(&["suppressions", "list"], "").await.output, "");
    assert_eq!(beside.refused(&[&add[..], &["ana@example.com"]].concat()).await, REFUSED);
    let nobodys = ["suppressions", "add", "--company", id, "--channel", "sms", "--address", "3015510101"];
    assert_eq!(beside.refused(&nobodys).await, REFUSED);
    assert_eq!(beside.refused(&["suppressions", "remove", &company, "--reason", "x"]).await, REFUSED);
    assert_eq!(beside.refused(&["suppressions", "remove", id]).await, USAGE);
    world.stop().await;
}

async fn rows(world: &World, count: &str) -> i64 {
    sqlx::query_scalar(count).fetch_one(world.log().pool()).await.expect("a count")
}

/// Which tables serve each projection.
async fn builds(world: &World) -> HashMap<Projection, uuid::Uuid> {
    let mut builds = HashMap::new();
    for projection in Projection::ALL {
        let build = format!("select build from {projection}.checkpoint");
        let build = sqlx::query_scalar(&build).fetch_one(world.log().pool()).await.expect("a build");
        builds.insert(projection, build);
    }
    builds
}

const GOOD: &str = "C-1;Íñigo Peña;titular;Íñigo;3001234567;inigo@cliente.test\n";
const BAD: &str = "C-2;Ana Ruiz;titular;Ana;12;\n";

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_imported_and_what_is_bad_in_the_file_is_told() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    let beside = Beside::of(&world);
    let company = company.to_string();
    let header = "external_id;name;kind;contact_name;phone;email\n";
    let file = beside.file("clientes.csv", &format!("\u{feff}{header}{GOOD}{BAD}"));
    let import = ["import", "clients", &file, "--company", &company];
    let names = async || {
        world.caught_up().await;
        let clients = nora.all(&format!("/companies/{company}/clients")).await;
        clients.iter().map(|client| client["name"].clone()).collect::<Vec<_>>()
    };

    let tried = beside.run(&[&import[..], &["--dry-run", "--json"]].concat(), "").await;
    assert_eq!((tried.code, names().await), (IN_PART, vec![]), "{}", tried.errors);
    let imported = beside.run(&[&import[..], &["--json"]].concat(), "").await;
    assert_eq!((imported.code, names().await), (IN_PART, vec![json!("Íñigo Peña")]), "{}", imported.errors);
    assert_eq!(imported.output, tried.output, "a dry run tells what would be done");
    let report: Value = serde_json::from_str(&imported.output).expect("one object");
    assert_eq!((&report["rows"], &report["created"], &report["rejected"]), (&json!(2), &json!(1), &json!(1)));
    let error = &report["errors"][0];
    assert_eq!(
        (&error["line"], &error["column"], &error["value"]),
        (&json!(3), &json!("phone"), &json!("12"))
    );
    let told = beside.run(&import, "").await;
    assert!(
        told.output.contains("unchanged: 1")
            && told.output.contains("line 3, phone: It is not a valid telephone number"),
        "{}",
        told.output
    );

    let silent = beside.file("sin-datos.csv", &format!("{header}C-3;Eva;titular;Eva;;\n"));
    let told = beside.run(&["import", "clients", &silent, "--company", &company, "--dry-run"], "").await;
    assert_eq!(told.code, 0, "a warning refuses nothing");
    assert!(
        told.output
            .contains("warning: line 2, row: The contact has neither an e-mail address nor a telephone"),
        "{}",
        told.output
    );
    let workbook = beside.file("clientes.xlsx", "PK\u{3}\u{4}\u{14}");
    assert_eq!(beside.refused(&["import", "clients", &workbook, "--company", &company]).await, REFUSED);

    let good = beside.file("buenos.csv", &format!("{header}{GOOD}"));
    let again = beside.done(&["import", "clients", &good, "--company", &company], "").await;
    assert_eq!((&again["unchanged"], &again["rejected"]), (&json!(1), &json!(0)));
    let unknown = uuid::Uuid::nil().to_string();
    assert_eq!(beside.refused(&["import", "clients", &good, "--company", &unknown]).await, REFUSED);
    assert_eq!(beside.refused(&["import", "clients", "no-está.csv", "--company", &company]).await, FAILED);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_and_stream_are_made_anew_while_the_server_goes_on() {
    let world = World::start().await;
    let (ana, eva) =
        (world.user("Ana", &[Role::Operator], &[]).await, world.user("Eva", &[Role::Operator], &[]).await);
    let beside = Beside::of(&world);
    let write = async |text: &str| {
        id_of(&ana.post_new("/messages", &message_to(&[eva.user], text)).await.expect(201))
    };
    let first = write("antes").await;

    assert_eq!(beside.done(&["migrate"], "").await, json!({"migrated": true}));
    let before = builds(&world).await;
    let rebuilt = beside.done(&["replay", "--projection", "inbox"], "").await;
    assert_eq!(rebuilt, json!({"rebuilt": ["inbox"]}));
    let now = builds(&world).await;
    let other: Vec<_> = Projection::ALL.into_iter().filter(|one| before[one] != now[one]).collect();
    assert_eq!(other, [Projection::Inbox]);
    let rebuilt = beside.done(&["replay", "--projection", "all"], "").await;
    assert_eq!(rebuilt["rebuilt"].as_array().map(Vec::len), Some(Projection::ALL.len()));
    let (before, now) = (now, builds(&world).await);
    assert!(Projection::ALL.iter().all(|one| before[one] != now[one]), "{now:?}");
    beside.done(&["relay", "recreate"], "").await;

    let second = write("después").await;
    let ledger = Ledger::on(world.database_url.clone(), world.nats_url.clone()).await;
    ledger.relayed().await;
    ledger.assert_mirrored().await;
    world.caught_up().await;
    let inbox: Vec<_> = eva.all("/inbox").await.iter().map(id_of).collect();
    assert_eq!(inbox, [second, first]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_is_ended_by_its_delivery_with_a_reason() {
    let (desk, notification, delivery) = crate::doubts::in_doubt().await;
    let beside = Beside::of(&desk.world);
    let resolve = ["deliveries", "resolve", &delivery, "--outcome"];
    let reason = ["--reason", "Lo dice el panel"];
    let done = beside.done(&[&resolve[..], &["delivered"], &reason].concat(), "").await;
    assert_eq!((&done["id"], &done["outcome"]), (&json!(delivery), &json!("delivered")));
    desk.world.caught_up().await;
    let told = desk.nora.get(&format!("/notifications/{notification}")).await.expect(200);
    assert_eq!(told["totals"]["delivered"], 1);
    beside.done(&[&resolve[..], &["delivered"], &reason].concat(), "").await;
    assert_eq!(beside.refused(&[&resolve[..], &["discard"], &reason].concat()).await, REFUSED);
    assert_eq!(beside.refused(&[&resolve[..], &["lost"], &reason].concat()).await, USAGE);
    assert_eq!(beside.refused(&[&resolve[..], &["delivered"]].concat()).await, USAGE);
    desk.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_has_its_exit_code() {
    let world = World::start().await;
    let beside = Beside::of(&world);
    let described: Value = serde_json::from_str(&beside.run(&["openapi"], "").await.output).expect("JSON");
    let answer = world.nobody().get("/openapi.json").await.expect(200);
    assert_eq!(described, answer, "the command describes what the server serves");

    let wrong: [&[&str]; 4] = [
        &["replay", "--projection", "bandeja"],
        &["user", "add", "--name", "Ana"],
        &["--no-demo", "migrate"],
        &["migrar"],
    ];
    for arguments in wrong {
        assert_eq!(beside.refused(arguments).await, USAGE, "{arguments:?}");
    }
    let token = ["user", "token", "--email", "nadie@vigia.test"];
    let other_key = Beside::of(&world).with("MENSAJERIA__KEYS__MASTER", &"00".repeat(32));
    assert_eq!(other_key.refused(&token).await, CONFIGURATION);
    let away = Beside::of(&world).with("DATABASE_URL", "postgres://nadie@127.0.0.1:1/nada");
    assert_eq!(away.refused(&token).await, UNAVAILABLE);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_folder_and_a_taken_port_are_told_before_anything_is_made() {
    let world = World::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("nada");
    let taken = world.base().replace("http://", "");
    let (token, dev) = (["user", "token", "--email", "a@b.co"], ["dev", "--listen", &taken]);
    for (arguments, code, said) in
        [(&token[..], CONFIGURATION, "nothing is kept in"), (&dev[..], UNAVAILABLE, "--listen")]
    {
        let here = [arguments, &["--data", text(&missing)]].concat();
        let ended = program::run(&here, &HashMap::new(), "").await;
        assert_eq!((ended.code, ended.errors.contains(said)), (code, true), "{}", ended.errors);
        assert!(!missing.exists(), "{arguments:?} has made a folder");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_demo_data_there_is_an_administrator_and_who_is_added() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = ["--data", text(folder.path())];
    let environment = HashMap::new();
    let listen = ["dev", "--no-demo", "--listen", "127.0.0.1:0"];
    let mut dev = Program::start(&[&listen[..], &data].concat(), &environment, "").await;
    let (first, password) = (dev.says("Usuarios").await, dev.says("Contraseña").await);
    assert_eq!(dev.says("Datos").await, text(folder.path()));
    let add = ["user", "add", "--name", "Ada", "--email", "ada@vigia.test", "--role", "admin"];
    program::output(&[&add[..], &data].concat(), &environment, &format!("{PASSWORD}\n")).await;
    let nobody = Client::new(&dev.base, None, uuid::Uuid::nil().into());
    let ada = nobody.log_in("ada@vigia.test", PASSWORD).await;
    assert_eq!(ada.all("/companies").await, Vec::<Value>::new());
    assert_eq!(ada.all("/users").await.len(), 2);
    dev.interrupt().await;

    // The password is told once; it goes on to open, as does the one that was added.
    let mut dev = Program::start(&[&listen[..], &data].concat(), &environment, "").await;
    assert_eq!(dev.says("Contraseña").await, "(los de antes)");
    let nobody = Client::new(&dev.base, None, uuid::Uuid::nil().into());
    for (email, password) in [(first.as_str(), password.as_str()), ("ada@vigia.test", PASSWORD)] {
        assert_eq!(nobody.log_in(email, password).await.all("/users").await.len(), 2, "{email}");
    }
    dev.interrupt().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_shown_retried_and_discarded() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    for (name, phone) in [("C-1", "+573001250001"), ("C-2", "+573001260001"), ("C-3", "+573015510101")] {
        let body = client_of(name, name, Some(phone), None);
        nora.post(&format!("/companies/{company}/clients"), &body).await.expect(201);
    }
    let asked = id_of(&nora.post_new("/notifications", &sms_to(company, "Hola")).await.expect(202));
    finished(&nora, &asked).await;
    world.caught_up().await;
    let beside = Beside::of(&world);
    let list = async |more: &[&str]| -> Vec<(String, String)> {
        let listed = beside.done(&[&["deliveries", "list", "--state", "failed"], more].concat(), "").await;
        let rows = listed["data"].as_array().cloned().expect("rows");
        rows.iter().map(|row| (row["to"].as_str().expect("an address").to_owned(), id_of(row))).collect()
    };
    let dead = list(&[]).await;
    assert_eq!(dead.len(), 2);
    assert_eq!(list(&["--class", "expired"]).await, []);
    let found = list(&["--to", "+573001250001"]).await;
    let (_, id) = &found[0];
    let shown = beside.done(&["deliveries", "show", id], "").await;
    assert_eq!((&shown["to"], &shown["state"]), (&json!("+573001250001"), &json!("failed")));

    let retry = ["deliveries", "retry", id, "--to", "+573015510102", "--reason", "Otro número"];
    assert_eq!(beside.done(&retry, "").await, json!({"done": [id], "refused": []}));
    finished(&nora, &asked).await;
    world.caught_up().await;
    let again = beside.run(&[&retry[..], &["--json"]].concat(), "").await;
    assert_eq!(again.code, REFUSED, "it was sent: {}", again.output);
    let (_, other) = dead.iter().find(|(_, one)| one != id).expect("the other one");
    let some = ["deliveries", "discard", id, other, "--reason", "Se fue", "--json"];
    assert_eq!(beside.run(&some, "").await.code, IN_PART);
    world.caught_up().await;
    assert_eq!(list(&[]).await, []);
    let discarded = beside.done(&["deliveries", "list", "--discarded"], "").await;
    assert_eq!(discarded["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(beside.refused(&["deliveries", "list", "--to", "nadie"]).await, USAGE);
    assert_eq!(beside.refused(&["deliveries", "show", &company.to_string()]).await, REFUSED);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_verifies_the_log_by_the_command_line() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let ana = world.user("Ana", &[Role::Operator], &[company]).await;
    ana.post_new("/messages", &message_to(&[ana.user], "Aviso")).await.expect(201);
    let beside = Beside::of(&world);
    let head = world.sealed().await;
    let key = beside.done(&["audit", "key"], "").await["keys"][0].as_str().expect("a key").to_owned();
    let checkpoint = beside.run(&["audit", "checkpoint"], "").await.output + "\n";
    let file = beside.file("kept.txt", &checkpoint);
    let verify = ["audit", "verify", "--key", &key, "--checkpoint", &file];
    let passed = beside.done(&verify, "").await;
    assert_eq!((&passed["sealed"], &passed["unsealed"]), (&json!(head), &json!(0)), "{passed}");

    let forged = beside.file("forged.txt", &checkpoint.replacen(&format!("\n{head}\n"), "\n1\n", 1));
    assert_eq!(beside.refused(&["audit", "verify", "--checkpoint", &forged]).await, REFUSED);
    assert_eq!(beside.refused(&["audit", "verify", "--key", "nobody"]).await, USAGE);
    let origin = key.split('+').next().expect("a name").parse().expect("a name");
    let stranger = SigningKey::new([8; 32]).verifier(&origin).to_string();
    let by_a_stranger = ["audit", "verify", "--key", &stranger, "--checkpoint", &file];
    assert_eq!(beside.refused(&by_a_stranger).await, REFUSED);
    let database_url = world.database_url.clone();
    world.stop().await;
    let pool = sqlx::PgPool::connect(&database_url).await.expect("the database answers");
    let changed = "begin; set local session_replication_role = replica;
                   update events set payload = '{}' where position = 2; commit";
    sqlx::raw_sql(changed).execute(&pool).await.expect("a superuser changes an event");
    let ended = beside.run(&verify, "").await;
    assert_eq!((ended.code, ended.output.starts_with("position 2: ")), (FAULTS, true), "{ended:?}");
}
