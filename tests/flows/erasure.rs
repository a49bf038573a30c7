//! A person's erasure: nothing of theirs is left anywhere, and the history of the others stands.

use std::time::Duration;

use dispatcher::simulator::{Behaviour, Refusal};
use domain::value::{Channel, Role};
use projections::Projection;
use serde_json::{Value, json};
use sqlx::PgPool;
use tests::ledger::Ledger;
use tests::notified::{count, finished};
use tests::orders::{email_to, sms_to};
use tests::{HANG, World, id_of};
use tokio::time::timeout;

/// What is planted in everything that is known of the person, in lower case: name, a later name, the contact's name, the
/// company's own name for them, numbers and address.
const MARKS: [&str; 7] = [
    "borrada zúñiga",
    "borrada pérez",
    "vecina marcada",
    "marca-77",
    "3007770001",
    "3011112222",
    "borrada@example.com",
];

/// Where a mark stands: every table of the database, row by row, as text and as bytes.
async fn found(pool: &PgPool) -> Vec<String> {
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select table_schema, table_name from information_schema.tables
         where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'",
    )
    .fetch_all(pool)
    .await
    .expect("the tables");
    assert!(tables.len() > 20, "{tables:?}");
    let mut found = Vec::new();
    for (schema, table) in tables {
        for mark in MARKS {
            let hex: String = mark.bytes().map(|byte| format!("{byte:02x}")).collect();
            let text = format!(
                "select count(*) from {schema}.{table} t where strpos(lower(t::text), $1) > 0 or strpos(t::text, $2) > 0"
            );
            let rows: i64 = sqlx::query_scalar(&text)
                .bind(mark)
                .bind(hex)
                .fetch_one(pool)
                .await
                .expect("the database answers");
            if rows > 0 {
                found.push(format!("{schema}.{table}: {mark}"));
            }
        }
    }
    found
}

#[tokio::test]
async fn an_erased_person_leaves_no_trace_and_may_come_again_as_a_new_one() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier, Role::Auditor], &[company]).await;
    let admin = world.user("Ana", &[Role::Admin], &[]).await;
    let clients = format!("/companies/{company}/clients");
    let person = json!({"name": "Borrada Zúñiga", "external_id": "MARCA-77", "contacts": [
        {"kind": "holder", "phone": "3007770001", "email": "borrada@example.com"},
        {"kind": "emergency_contact", "name": "Vecina Marcada", "phone": "3011112222"},
    ]});
    let client = id_of(&nora.post(&clients, &person).await.expect(201));
    let other = json!({"name": "Quien queda", "external_id": "Q-1", "contacts": [{"kind": "holder", "phone": "3002223344", "email": "queda@example.com"}]});
    let other = id_of(&nora.post(&clients, &other).await.expect(201));
    nora.patch(&format!("/clients/{client}"), &json!({"name": "Borrada Pérez"})).await.expect(200);

    // One notification is over, with a refusal that quotes the address; of another, the person's SMS still waits, and the
    // neighbour's was accepted under a sid that repeats the number.
    world.simulator.set_rule(Channel::Sms, "3011112222", Behaviour::AcceptAsNumber);
    let refusal = Refusal::mail(550, "5.1.1 <borrada@example.com> is unknown here");
    world.simulator.set_rule(Channel::Email, "borrada@example.com", Behaviour::Refuse(refusal));
    let over = id_of(&nora.post_new("/notifications", &email_to(company, "Aviso", "Hola")).await.expect(202));
    let before = finished(&nora, &over).await;
    assert_eq!((count(&before["totals"], "accepted"), count(&before["totals"], "failed")), (1, 1));
    let busy = Refusal {
        retry_after: Some(Duration::from_secs(3_600)),
        ..Refusal::sms(429, 20429, "Too Many Requests")
    };
    world.simulator.set_rule(Channel::Sms, "0001", Behaviour::RefuseFirst { times: 9, refusal: busy });
    let waits = id_of(&nora.post_new("/notifications", &sms_to(company, "Hola")).await.expect(202));
    let mut stream = nora.stream(&format!("/notifications/{waits}/stream"), None).await;
    stream
        .until("totals", |told| {
            count(&told["totals"], "deferred") == 1 && count(&told["totals"], "accepted") == 2
        })
        .await;
    drop(stream);
    world.caught_up().await;
    let planted = found(world.log().pool()).await;
    for table in ["clients.clients", "clients.contacts"] {
        assert!(planted.iter().any(|place| place.starts_with(table)), "{table} is not among {planted:?}");
    }

    let path = format!("/clients/{client}");
    nora.delete(&path).await.expect(200);
    let after = finished(&nora, &waits).await;
    assert_eq!(
        (count(&after["totals"], "accepted"), count(&after["totals"], "suppressed")),
        (2, 1),
        "{after}"
    );
    world.caught_up().await;
    assert_eq!(found(world.log().pool()).await, Vec::<String>::new());
    let ledger = Ledger::on(world.database_url.clone(), world.nats_url.clone()).await;
    ledger.relayed().await;
    for (sequence, text) in ledger.messages().await {
        let text = text.to_lowercase();
        assert!(!MARKS.iter().any(|mark| text.contains(mark)), "a mark stands in message {sequence}");
    }
    let sealed: Vec<Option<Vec<u8>>> = sqlx::query_scalar("select wrapped from keys where key_id = $1::uuid")
        .bind(&client)
        .fetch_all(world.log().pool())
        .await
        .expect("the key's row");
    assert_eq!(sealed, [None], "the key is destroyed and remembered as such");

    nora.get(&path).await.refused(404);
    nora.patch(&path, &json!({"name": "Otra"})).await.refused(404);
    nora.delete(&path).await.expect(200);
    assert!(nora.all(&format!("{clients}?q=borrada")).await.is_empty());
    let left: Vec<String> = nora.all(&clients).await.iter().map(id_of).collect();
    assert_eq!(left, [other]);
    let deliveries = nora.all(&format!("/notifications/{over}/deliveries")).await;
    assert_eq!(
        deliveries.iter().filter(|delivery| delivery["to"].is_null()).count(),
        1,
        "who it was is no longer told"
    );
    assert_eq!(nora.get(&format!("/notifications/{over}")).await.expect(200)["totals"], before["totals"]);
    let erased = nora.all(&format!("/audit?subject={client}&type=ClientErased")).await;
    assert_eq!((erased.len(), &erased[0]["actor"]["id"]), (1, &json!(nora.user.to_string())));
    nora.post(&format!("/notifications/{over}/retry"), &json!({})).await.expect(200);
    finished(&nora, &over).await;
    assert_eq!(world.simulator.counts(Channel::Email).accepted, 1, "nobody writes to who is erased");

    history_still_folds(&world).await;
    for projection in Projection::ALL {
        admin.post(&format!("/projections/{projection}/rebuild"), &json!({})).await.expect(202);
    }
    rebuilt(&admin).await;
    assert_eq!(
        found(world.log().pool()).await,
        Vec::<String>::new(),
        "what is built anew has nothing of them either"
    );

    let again = id_of(&nora.post(&clients, &person).await.expect(201));
    assert_ne!(again, client, "the same name of the company's own is a new person");
    let file = "external_id,name,kind,contact_name,phone,email\nMARCA-77,Borrada Zúñiga,holder,,3007770001,borrada@example.com\n";
    let request =
        nora.request(reqwest::Method::POST, &format!("{clients}/import")).header("Content-Type", "text/csv");
    let report = tests::Answer::to(request.body(file)).await.expect(200);
    assert_eq!((&report["created"], &report["unchanged"]), (&json!(0), &json!(1)), "{report}");
    world.stop().await;
}

/// Every stream of the log is read and folded, the erased person's too.
async fn history_still_folds(world: &World) {
    let log = world.log();
    let head = log.reader().head().await.expect("the head");
    let (mut read, mut erased) = (0, 0);
    while read < head {
        let stored = log.reader().read_after(read, 500).await.expect("a page");
        read = stored.last().expect("events").position;
        for recorded in log.reader().open_events(stored).await.expect("they open") {
            let event = recorded
                .event
                .as_ref()
                .unwrap_or_else(|error| panic!("position {}: {error}", recorded.position));
            erased += usize::from(format!("{event:?}").to_lowercase().contains("erased"));
        }
    }
    assert!(erased >= 3, "what was theirs is marked as erased");
    let report =
        projections::rebuild::compare(log.reader(), Projection::Clients).await.expect("a comparison");
    assert_eq!(report, []);
}

/// Waits until no projection is being built any more.
async fn rebuilt(admin: &tests::Client) {
    timeout(HANG, all_live(admin)).await.expect("the projections are built");
}

async fn all_live(admin: &tests::Client) {
    loop {
        let all = admin.get("/projections").await.expect(200);
        let states: Vec<&Value> =
            all["data"].as_array().expect("projections").iter().map(|one| &one["state"]).collect();
        assert!(states.iter().all(|state| *state != "failed"), "{all}");
        if states.iter().all(|state| *state == "live") {
            return;
        }
        tokio::task::yield_now().await;
    }
}
