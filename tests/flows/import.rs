//! A company's file of clients comes in, every bad row is named, and everybody in it can be told.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use commands::{Idempotency, clock};
use dispatcher::simulator::{Behaviour, SimulatorOptions, ledger};
use domain::value::{Channel, CompanyId, Role};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tests::client_file::{ClientFile, Expected, TextEncoding, client_file};
use tests::notified::{count, finished};
use tests::orders::{client_of, email_to, sms_to};
use tests::{Answer, Client, HANG, World, id_of};

const HEADER: &str = "external_id,name,kind,contact_name,phone,email\r\n";

pub(crate) async fn import(
    client: &Client,
    company: CompanyId,
    file: &[u8],
    query: &str,
    content_type: &str,
) -> Answer {
    let path = format!("/companies/{company}/clients/import{query}");
    let request = client.request(Method::POST, &path).header("Content-Type", content_type);
    Answer::to(request.timeout(HANG).body(file.to_vec())).await
}

/// Line, column and code of every error told.
fn faults(report: &Value) -> Vec<(u64, &str, &str)> {
    let text = |error: &'static str| move |one: &'_ Value| one[error].is_string();
    let errors = report["errors"].as_array().expect("errors");
    assert!(
        errors.iter().all(text("value")) && errors.iter().all(text("detail")),
        "what stands there and why"
    );
    let fault = |error| {
        let error: &Value = error;
        let text = |name: &str| error[name].as_str().expect("a text");
        (error["line"].as_u64().expect("a line"), text("column"), text("code"))
    };
    errors.iter().map(fault).collect()
}

pub(crate) fn counts(report: &Value) -> [u64; 5] {
    ["rows", "created", "updated", "unchanged", "rejected"]
        .map(|name| report[name].as_u64().expect("a number"))
}

async fn is_imported_as_expected(client: &Client, world: &World, company: CompanyId, file: &ClientFile) {
    let Expected { rows, clients, faults: expected, rejected_rows, .. } = &file.expected;
    let (rows, clients, rejected) = (*rows as u64, *clients as u64, *rejected_rows as u64);
    let head = async || world.log().reader().head().await.expect("the head");
    let before = head().await;
    let tried = import(client, company, &file.bytes, "?dry_run=true", "text/csv").await.expect(200);
    assert_eq!(
        (counts(&tried), head().await),
        ([rows, clients, 0, 0, rejected], before),
        "a dry run writes nothing"
    );

    let report = import(client, company, &file.bytes, "", "text/csv").await.expect(200);
    assert_eq!(counts(&report), [rows, clients, 0, 0, rejected]);
    assert_eq!(faults(&report), *expected);
    assert_eq!((faults(&tried), report["position"].as_i64()), (faults(&report), Some(head().await)));

    let after = head().await;
    let again = import(client, company, &file.bytes, "", "text/csv").await.expect(200);
    assert_eq!(
        (counts(&again), head().await),
        ([rows, 0, 0, clients, rejected], after),
        "a rerun changes nothing"
    );
    assert_eq!(faults(&again), *expected);
}

/// The messages that the providers accepted for each address, by their ledger.
fn received(ledger_file: &Path, channel: Channel) -> BTreeMap<String, usize> {
    let mut received = BTreeMap::new();
    for entry in
        ledger::read(ledger_file).expect("the ledger").into_iter().filter(|entry| entry.channel == channel)
    {
        *received.entry(entry.to.to_lowercase()).or_default() += 1;
    }
    received
}

#[tokio::test]
async fn ten_thousand_clients_are_imported_and_each_of_their_addresses_is_told_exactly_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger_file = folder.path().join("ledger.jsonl");
    let options = SimulatorOptions {
        kept: 0,
        ledger: Some(ledger_file.clone()),
        ..SimulatorOptions::new(Arc::new(clock::now))
    };
    let world = World::start_with(options).await;
    let company = world.company("Vigía Andina").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    // Half of the file's numbers are foreign.
    let admin = world.user("Ada", &[Role::Admin], &[]).await;
    let limits = json!({ "limits": { "foreign_per_day": null } });
    admin.patch(&format!("/companies/{company}"), &limits).await.expect(200);
    let file = client_file(1, 10_000, TextEncoding::Windows1252, ';');
    is_imported_as_expected(&nora, &world, company, &file).await;

    for channel in [Channel::Sms, Channel::Email] {
        world.simulator.set_rule(channel, "", Behaviour::Accept);
    }
    let orders = [
        (Channel::Sms, sms_to(company, "Corte programado mañana"), &file.expected.phones),
        (
            Channel::Email,
            email_to(company, "Corte programado", "Mañana a las 8.\n— Vigía"),
            &file.expected.emails,
        ),
    ];
    for (channel, order, expected) in orders {
        let preview = nora.post("/notifications/preview", &order).await.expect(200);
        assert_eq!(preview["audience"]["reachable"], expected.len());
        let asked = nora.post_new("/notifications", &order).await.expect(202);
        let done = finished(&nora, &id_of(&asked)).await;
        assert_eq!(done["totals"]["accepted"], expected.len(), "{done}");
        assert_eq!(count(&done["totals"], "total"), expected.len() as i64);
        let received = received(&ledger_file, channel);
        assert!(received.keys().eq(expected), "everybody and nobody else");
        assert!(received.values().all(|times| *times == 1), "nobody twice");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_file_is_understood_in_every_encoding_and_with_either_delimiter() {
    let world = World::start().await;
    let admin = world.user("Ana", &[Role::Admin], &[]).await;
    let kinds = [
        (TextEncoding::Utf8, ','),
        (TextEncoding::Utf8WithMark, ';'),
        (TextEncoding::Utf8WithMark, ','),
        (TextEncoding::Windows1252, ','),
    ];
    for (seed, (encoding, delimiter)) in kinds.into_iter().enumerate() {
        let company = world.company(&format!("Empresa {seed}")).await;
        let file = client_file(seed as u64 + 2, 250, encoding, delimiter);
        is_imported_as_expected(&admin, &world, company, &file).await;
        let clients = admin.all(&format!("/companies/{company}/clients")).await;
        let contacts: Vec<&Value> =
            clients.iter().flat_map(|client| client["contacts"].as_array().expect("contacts")).collect();
        assert_eq!((clients.len(), contacts.len()), (file.expected.clients, file.expected.good_rows));
        let phones =
            contacts.iter().filter_map(|contact| contact["phone"].as_str().map(str::to_owned)).collect();
        assert_eq!(file.expected.phones, phones);
    }
    world.stop().await;
}

#[tokio::test]
async fn rows_of_one_client_are_its_contacts_and_a_bad_one_leaves_the_others_standing() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    let file = format!(
        "{HEADER}7,\"Ferretería  «Núñez»\r\ne Hijos\",titular,Ana Núñez,300 123 4567,ana@example.com\r\n\
         8,Otra,holder,Otra,3001234568,\r\n\
         7,Ferretería «Núñez» e Hijos,contacto de emergencia,Luis,no tiene,luis@example.com\r\n\
         7,Ferretería «Núñez» e Hijos,authorized_user,Eva,,eva@example.com\r\n\
         7,Ferretería «Núñez» e Hijos,authorized_user,Eva,3015556677,\r\n"
    );
    let report = import(&nora, company, file.as_bytes(), "", "text/csv; charset=utf-8").await.expect(200);
    assert_eq!((counts(&report), faults(&report)), ([5, 2, 0, 0, 1], vec![(5, "phone", "invalid_phone")]));
    assert_eq!(report["errors"][0]["value"], "no tiene");

    let found = nora.all(&format!("/companies/{company}/clients?q=ferreteria%20%C2%ABnunez")).await;
    let client = &found[0];
    assert_eq!(
        (&client["external_id"], &client["name"]),
        (&json!("7"), &json!("Ferretería «Núñez» e Hijos"))
    );
    assert_eq!(
        client["contacts"],
        json!([
            {"kind": "holder", "name": "Ana Núñez", "phone": "+573001234567", "email": "ana@example.com"},
            {"kind": "authorized_user", "name": "Eva", "phone": null, "email": "eva@example.com"},
            {"kind": "authorized_user", "name": "Eva", "phone": "+573015556677", "email": null},
        ])
    );

    let changed = file.replace("no tiene", "3009998877");
    let report = import(&nora, company, changed.as_bytes(), "", "text/csv").await.expect(200);
    assert_eq!(counts(&report), [5, 0, 1, 1, 0]);
    let client = nora.get(&format!("/clients/{}", id_of(client))).await.expect(200);
    assert_eq!(client["contacts"].as_array().map(Vec::len), Some(4));
    world.stop().await;
}

#[tokio::test]
async fn a_number_with_two_readings_or_from_a_spreadsheet_is_refused_with_its_reason() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    let file = format!(
        "{HEADER}1,Ana,holder,Ana,003211234567,\r\n\
         2,Eva,holder,Eva,300123456.0,\r\n\
         3,Luis,holder,Luis,+1 900 555 1234,\r\n\
         4,Oficina,holder,Oficina,601 742 1234,\r\n"
    );
    let report = import(&nora, company, file.as_bytes(), "", "text/csv").await.expect(200);
    let expected =
        [(2, "phone", "invalid_phone"), (3, "phone", "invalid_phone"), (4, "phone", "invalid_phone")];
    assert_eq!((counts(&report), faults(&report)), ([4, 1, 0, 0, 3], expected.to_vec()));
    let details = ["+573211234567 o +3211234567", "una hoja de cálculo", "tarificación adicional"];
    for (error, detail) in report["errors"].as_array().expect("errors").iter().zip(details) {
        assert!(error["detail"].as_str().is_some_and(|told| told.contains(detail)), "{error}");
    }
    let warning = &report["warnings"][0];
    assert_eq!(report["warnings"].as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!(
        (&warning["line"], &warning["value"], &warning["code"]),
        (&json!(5), &json!("Oficina"), &json!("unreachable_contact")),
        "a landline takes no SMS"
    );
    world.stop().await;
}

#[tokio::test]
async fn an_import_that_is_still_running_under_the_same_key_is_told_so_and_then_gives_its_answer() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    let path = format!("/companies/{company}/clients/import");
    let again = async || {
        let request = nora.request(Method::POST, &path).header("Idempotency-Key", "k");
        let file = format!("{HEADER}7,Ana,holder,Ana,3001234567,\r\n");
        Answer::to(request.header("Content-Type", "text/csv").body(file)).await
    };
    // What another process holds that carries out the same.
    let key = Idempotency::new(world.log().keys(), nora.user, "k", &[]).command_id.to_string();
    let mut running = PgConnection::connect(&world.database_url).await.expect("a connection");
    let lock = sqlx::query("select pg_advisory_lock(hashtextextended($1, 0))").bind(key);
    lock.execute(&mut running).await.expect("the lock");
    assert_eq!(again().await.expect(409)["code"], "still_running");
    running.close().await.expect("it ends");
    assert_eq!(counts(&again().await.expect(200)), [1, 1, 0, 0, 0]);
    assert_eq!(counts(&again().await.expect(200)), [1, 1, 0, 0, 0], "the first answer");
    world.stop().await;
}

#[tokio::test]
async fn what_is_no_file_of_clients_is_refused_whole_in_the_readers_language() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    let head = world.log().reader().head().await.expect("the head");
    let cases: [(&[u8], &str, u16, &str); 11] = [
        (b"", "text/csv", 422, "empty_file"),
        (b"nombre;telefono\r\nAna;300\r\n", "text/csv", 422, "wrong_columns"),
        (b"external_id,name,kind,contact_name,phone\r\n", "text/csv", 422, "wrong_columns"),
        (b"\x00\x01\x02\xff", "text/csv", 422, "wrong_columns"),
        (HEADER.as_bytes(), "text/csv; charset=klingon", 422, "unknown_charset"),
        (HEADER.as_bytes(), "application/json", 415, "not_csv"),
        (b"PK\x03\x04\x14\x00\x06\x00", "text/csv", 422, "not_csv_file"),
        (b"PK\x03\x04\x14\x00\x06\x00", "text/csv; charset=windows-1252", 422, "not_csv_file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "text/csv", 422, "not_csv_file"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "text/csv", 422, "not_csv_file"),
        (b"\r\n<HTML><body><table>", "text/csv", 422, "not_csv_file"),
    ];
    for (file, content_type, status, code) in cases {
        let problem = import(&nora, company, file, "", content_type).await.expect(status);
        assert_eq!(problem["code"], code, "{problem}");
    }
    let workbook = import(&nora, company, b"PK\x03\x04\x14\x00\x06\x00", "", "text/csv").await.expect(422);
    assert!(workbook["detail"].as_str().expect("a text").contains("guárdelo como «CSV UTF-8»"), "{workbook}");
    let bad =
        import(&nora, company, HEADER.as_bytes(), "?dry_run=quiza&modo=1", "text/csv").await.refused(400);
    assert_eq!(bad, [("/dry_run".into(), "wrong_type".into()), ("/modo".into(), "unknown_field".into())]);
    assert_eq!(world.log().reader().head().await.expect("the head"), head);
    let empty = import(&nora, company, HEADER.as_bytes(), "", "text/csv").await.expect(200);
    assert_eq!(counts(&empty), [0; 5]);
    world.stop().await;
}

/// Composed and decomposed letters, a space or an invisible character at an end: it is one client all the same.
#[tokio::test]
async fn an_id_in_two_unicode_forms_is_one_client_by_file_and_by_api() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    let composed = format!("{HEADER}Ñ7,Peña,titular,Íñigo Peña,3001234567,inigo@ñandú.example\r\n");
    let decomposed = format!(
        "{HEADER}N\u{303}7\u{200b},Pen\u{303}a,titular,I\u{301}n\u{303}igo  Pen\u{303}a,3001234567,inigo@n\u{303}andu\u{301}.example\r\n"
    );
    let both = format!("{composed}{}", decomposed.strip_prefix(HEADER).expect("the header"));
    let report = import(&nora, company, both.as_bytes(), "", "text/csv").await.expect(200);
    assert_eq!((counts(&report), faults(&report)), ([2, 1, 0, 0, 0], vec![]), "not at odds with itself");

    let head = world.log().reader().head().await.expect("the head");
    for file in [&composed, &decomposed] {
        let report = import(&nora, company, file.as_bytes(), "", "text/csv").await.expect(200);
        assert_eq!(counts(&report), [1, 0, 0, 1, 0], "{file}");
    }
    assert_eq!(
        world.log().reader().head().await.expect("the head"),
        head,
        "a rerun in either form changes nothing"
    );
    let clients = nora.all(&format!("/companies/{company}/clients")).await;
    assert_eq!((clients.len(), &clients[0]["external_id"]), (1, &json!("Ñ7")), "as it was written");
    assert_eq!(clients[0]["contacts"].as_array().map(Vec::len), Some(1));

    let path = format!("/companies/{company}/clients");
    for id in ["N\u{303}7", "Ñ7 ", "\u{a0}Ñ7"] {
        let again = nora.post(&path, &client_of(id, "Otra", Some("3009998877"), None)).await.refused(422);
        assert_eq!(again, [("/external_id".into(), "external_id_taken".into())], "{id:?}");
    }
    let other = id_of(&nora.post(&path, &client_of("ñ7", "Otra", None, None)).await.expect(201));
    let renamed =
        nora.patch(&format!("/clients/{other}"), &json!({"external_id": "N\u{303}7"})).await.refused(422);
    assert_eq!(renamed, [("/external_id".into(), "external_id_taken".into())]);

    let preview = nora.post("/notifications/preview", &sms_to(company, "Aviso")).await.expect(200);
    assert_eq!(preview["audience"]["reachable"], 1, "and one person is told once");
    world.stop().await;
}

#[tokio::test]
async fn what_should_be_looked_at_is_taken_with_a_warning() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    let file = [
        HEADER.as_bytes(),
        "1,Núñez,holder,Ana,,\r\n".as_bytes(),
        b"2,Mu\xf1oz,holder,Luis,3001234567,\r\n",
        b"\xd13,Eva,holder,Eva,3001234568,\r\n",
        "2,Otro,authorized_user,Sol,,\r\n".as_bytes(),
    ]
    .concat();
    let tried = import(&nora, company, &file, "?dry_run=true", "text/csv").await.expect(200);
    let report = import(&nora, company, &file, "", "text/csv").await.expect(200);
    assert_eq!(counts(&report), [4, 2, 0, 0, 2]);
    assert_eq!(
        faults(&report),
        [(4, "external_id", "unreadable_character"), (5, "name", "conflicting_name")],
        "an id is not guessed"
    );
    let warnings = report["warnings"].as_array().expect("warnings");
    let told = |warning: &Value| {
        let text = |name: &str| warning[name].as_str().expect("a text").to_owned();
        (warning["line"].as_u64().expect("a line"), text("column"), text("value"), text("code"))
    };
    assert_eq!(
        warnings.iter().map(told).collect::<Vec<_>>(),
        [
            (2, "row".into(), "Ana".into(), "unreachable_contact".into()),
            (3, "name".into(), "Muñoz".into(), "not_utf8".into()),
        ],
        "a row that is refused has its error only"
    );
    assert_eq!((&report["warnings"], &report["warnings_left_off"]), (&tried["warnings"], &json!(0)));
    let found = nora.all(&format!("/companies/{company}/clients?q=munoz")).await;
    assert_eq!(found[0]["name"], "Muñoz");

    let declared =
        import(&nora, company, &file, "?dry_run=true", "text/csv; charset=utf-8").await.expect(200);
    assert_eq!(faults(&declared)[0], (3, "name", "unreadable_character"), "what is declared holds");
    world.stop().await;
}

/// As it comes from DOS, from Excel's «Texto Unicode», and from programs that write for Excel.
#[tokio::test]
async fn a_file_is_read_as_other_programs_write_it() {
    let world = World::start().await;
    let nora = world.user("Ana", &[Role::Admin], &[]).await;
    let text = format!("sep=;\r\n{}Ñ1;José Muñoz;titular;José;3001234567;\r\n", HEADER.replace(',', ";"));
    let utf16 = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let dos = |c: char| match c {
        'Ñ' => 0xa5,
        'ñ' => 0xa4,
        'é' => 0x82,
        c => u8::try_from(c).expect("ASCII"),
    };
    let files = [
        (text.clone().into_bytes(), "text/csv"),
        (format!("\u{feff}{text}").into_bytes(), "text/csv"),
        (utf16(u16::to_le_bytes), "text/csv"),
        (utf16(u16::to_be_bytes), "text/csv"),
        (text.chars().map(dos).collect(), "text/csv"),
        (text.chars().map(dos).collect(), "text/csv; charset=cp850"),
    ];
    for (number, (file, content_type)) in files.into_iter().enumerate() {
        let company = world.company(&format!("Empresa {number}")).await;
        let report = import(&nora, company, &file, "", content_type).await.expect(200);
        assert_eq!((counts(&report), faults(&report)), ([1, 1, 0, 0, 0], vec![]), "file {number}");
        let clients = nora.all(&format!("/companies/{company}/clients")).await;
        assert_eq!((&clients[0]["external_id"], &clients[0]["name"]), (&json!("Ñ1"), &json!("José Muñoz")));
    }
    world.stop().await;
}

#[tokio::test]
async fn a_client_is_found_by_its_words_in_any_order_and_by_a_number_in_any_form() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    let path = format!("/companies/{company}/clients");
    let oscar =
        client_of("900.123.456-7", "Óscar Muñoz Peña", Some("300 123 4567"), Some("oscar@example.com"));
    let oscar = id_of(&nora.post(&path, &oscar).await.expect(201));
    let other = client_of("C-2", "Óscar Ruiz", Some("3004567123"), None);
    nora.post(&path, &other).await.expect(201);
    let abroad = client_of("C-3", "Guadalupe", Some("+52 33 1234 5678"), None);
    let abroad = id_of(&nora.post(&path, &abroad).await.expect(201));
    let found = async |q: &str| {
        let asked = reqwest::Url::parse_with_params(nora.base(), [("q", q)]).expect("a URL");
        let page = nora.get(&format!("{path}?{}", asked.query().unwrap_or_default())).await.expect(200);
        page["data"].as_array().expect("rows").iter().map(id_of).collect::<Vec<_>>()
    };
    let queries = [
        "munoz oscar",
        "Peña, Óscar",
        "PEN\u{303}A MUÑOZ",
        "300 123 4567",
        "300-123-4567",
        "+57 (300) 123.4567",
        "0057 3001234567",
        "3001234567",
        "muñoz 300 123 4567",
        "<oscar@example.com>;",
        "900123456",
        "900 123 456 7",
        "oscar@example.com munoz",
    ];
    for q in queries {
        assert_eq!(found(q).await, [oscar.as_str()], "{q}");
    }
    for q in ["+52 33 1234 5678", "33 1234 5678", "+52 1 33 1234 5678"] {
        assert_eq!(found(q).await, [abroad.as_str()], "{q}");
    }
    for q in ["oscar pedro", "300 123 4568", "12 34 567 0000", "100%", "_scar"] {
        assert!(found(q).await.is_empty(), "{q}");
    }
    let luis = world.user("Óscar Iván Muñoz", &[Role::Operator], &[company]).await;
    for q in ["munoz%20oscar", "mu%C3%B1oz,%20%C3%B3scar"] {
        let users = nora.all(&format!("/users?q={q}")).await;
        assert_eq!(users.iter().map(id_of).collect::<Vec<_>>(), [luis.user.to_string()], "{q}");
    }
    world.stop().await;
}

/// What surrounds an address that was copied is left out; what stands within it is named.
#[tokio::test]
async fn an_address_is_taken_as_people_copy_it_or_refused_with_what_is_wrong_in_it() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    let path = format!("/companies/{company}/clients");
    let copied =
        ["ana@example.com\u{200b}", "\u{a0}ana@example.com ", "· ana@example.com", "<ana@example.com>;"];
    for (number, email) in copied.into_iter().enumerate() {
        let client = client_of(&format!("A-{number}"), "Ana", None, Some(email));
        let client = id_of(&nora.post(&path, &client).await.expect(201));
        let row = format!("{HEADER}B-{number},Ana,titular,Ana,,{email}\r\n");
        let report = import(&nora, company, row.as_bytes(), "", "text/csv").await.expect(200);
        assert_eq!((counts(&report), faults(&report)), ([1, 1, 0, 0, 0], vec![]), "{email:?}");
        let client = nora.get(&format!("/clients/{client}")).await.expect(200);
        assert_eq!(client["contacts"][0]["email"], "ana@example.com", "{email:?}");
    }
    let refused = [
        ("ana@exam\u{200b}ple.com", "U+200B"),
        ("ana·perez@example.com", "«·» (U+00B7)"),
        ("ana＠example.com", "«＠» (U+FF20)"),
        ("ana@example.com / eva@example.com", "más de una"),
        ("Ana <ana@example.com>", "sin el nombre"),
    ];
    for (email, why) in refused {
        let problem = nora.post(&path, &client_of("C", "Ana", None, Some(email))).await.expect(422);
        let error = &problem["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!("/contacts/0/email"), &json!("invalid_email"))
        );
        assert!(error["detail"].as_str().expect("a text").contains(why), "{email:?}: {error}");
    }
    world.stop().await;
}
