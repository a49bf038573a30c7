//! The store: one table that cqrs-es's own repository shares with us, dense positions, and a history nobody changes.

use commands::log::{Draft, EventLog, Lane};
use commands::{CommandContext, CommandError, clock, companies};
use cqrs_es::EventStore;
use cqrs_es::persist::PersistedEventStore;
use domain::Position;
use domain::company::{Company, CompanyChange, CompanyCommand, CompanyDetails, CompanyEvent};
use domain::value::{CompanyId, Role};
use futures::future::join_all;
use postgres_es::{PostgresCqrs, PostgresEventRepository, postgres_cqrs};
use sqlx::PgPool;
use tests::ledger::Ledger;
use tests::orders::{client_of, message_to, sms_to};
use tests::{World, id_of};

/// How many write at once.
const WRITERS: usize = 16;
/// How often each of them writes.
const WRITES: usize = 25;
/// How many events a writer of ours appends at a time.
const EVENTS: usize = 3;

fn stock(pool: &PgPool) -> PostgresCqrs<Company> {
    postgres_cqrs(pool.clone(), vec![], ())
}

fn details(name: &str) -> CompanyDetails {
    CompanyDetails {
        name: name.parse().expect("a name"),
        country: "CO".parse().expect("a country"),
        time_zone: "America/Bogota".parse().expect("a time zone"),
    }
}

fn renamed(name: &str) -> CompanyChange {
    CompanyChange { name: Some(name.parse().expect("a name")), ..CompanyChange::default() }
}

async fn positions(pool: &PgPool) -> Vec<Position> {
    sqlx::query_scalar("select position from events order by position")
        .fetch_all(pool)
        .await
        .expect("the positions")
}

#[tokio::test]
async fn what_the_stock_repository_writes_has_a_position_and_is_read_by_ours() {
    let ledger = Ledger::start().await;
    ledger.write(3).await;
    let company = clock::new_id().to_string();
    stock(ledger.log.pool())
        .execute(&company, CompanyCommand::Register(details("Vigía")))
        .await
        .expect("registered");
    ledger.write(1).await;
    stock(ledger.log.pool())
        .execute(&company, CompanyCommand::Change(renamed("Vigía Andina")))
        .await
        .expect("changed");

    assert_eq!(positions(ledger.log.pool()).await, [1, 2, 3, 4, 5, 6]);
    let loaded = ledger.log.reader().load::<Company>(&company).await.expect("it can be read");
    assert_eq!(loaded.state.profile().expect("a company").name, "Vigía Andina");
    assert_eq!((loaded.sequence, loaded.last_position), (2, 6));
}

#[tokio::test]
async fn the_stock_repository_reads_what_ours_wrote_and_goes_on_after_it() {
    let ledger = Ledger::start().await;
    let company = CompanyId::from(clock::new_id());
    let context = CommandContext::of_system();
    companies::register(&ledger.log, company, details("Vigía"), &context).await.expect("registered");

    let id = company.to_string();
    let pool = ledger.log.pool().clone();
    let store =
        PersistedEventStore::<_, Company>::new_event_store(PostgresEventRepository::new(pool.clone()));
    let events = store.load_events(&id).await.expect("it can be read");
    assert!(matches!(&events[..], [first] if matches!(&first.payload, CompanyEvent::CompanyRegistered(_))));

    let refused = stock(&pool).execute(&id, CompanyCommand::Register(details("Otra"))).await;
    assert!(refused.is_err(), "it is registered already");
    stock(&pool).execute(&id, CompanyCommand::Change(renamed("Vigía Andina"))).await.expect("changed");
    companies::change(&ledger.log, company, renamed("Vigía del Sur"), &context).await.expect("changed again");
    let names: Vec<String> =
        store.load_events(&id).await.expect("read").into_iter().map(|event| name(event.payload)).collect();
    assert_eq!(names, ["Vigía", "Vigía Andina", "Vigía del Sur"]);
}

fn name(event: CompanyEvent) -> String {
    let (CompanyEvent::CompanyRegistered(profile) | CompanyEvent::CompanyChanged(profile)) = event;
    profile.name
}

#[tokio::test]
async fn what_a_later_program_wrote_is_not_taken_for_what_today_means() {
    let ledger = Ledger::start().await;
    let (company, context) = (CompanyId::from(clock::new_id()), CommandContext::of_system());
    companies::register(&ledger.log, company, details("Vigía"), &context).await.expect("registered");
    sqlx::query(
        "insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
         select aggregate_type, aggregate_id, 2, event_type, '2', payload, metadata
         from events where aggregate_id = $1",
    )
    .bind(company.to_string())
    .execute(ledger.log.pool())
    .await
    .expect("a later program's event");
    assert!(companies::profile(&ledger.log, company).await.is_err(), "it is read as if it were of today");
    let renamed = companies::change(&ledger.log, company, renamed("Vigía Andina"), &context).await;
    assert!(matches!(renamed, Err(CommandError::Unreadable(_))), "{renamed:?}");
    assert_eq!(ledger.log.reader().head().await.expect("the head"), 2);
}

/// Half of the writers are ours, half are the stock repository. Whoever looks while they write sees every position up to
/// the last and none beyond: so positions are given in the order of the commits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn positions_are_dense_in_commit_order_under_sixteen_writers() {
    let ledger = Ledger::start().await;
    let writers = (0..WRITERS).map(|number| {
        let log = ledger.log.clone();
        tokio::spawn(async move {
            for _ in 0..WRITES {
                if number % 2 == 0 { append(&log, number).await } else { insert(log.pool()).await }
            }
        })
    });
    let writing = tokio::spawn(join_all(writers));
    let mut looks = 0;
    while !writing.is_finished() || looks == 0 {
        let (rows, head): (i64, i64) =
            sqlx::query_as("select count(*), coalesce(max(position), 0) from events")
                .fetch_one(ledger.log.pool())
                .await
                .expect("the database answers");
        assert_eq!(rows, head, "a position below the head is not there yet");
        looks += 1;
    }
    writing.await.expect("written").into_iter().for_each(|writer| writer.expect("every write succeeds"));
    let head = (WRITERS / 2 * WRITES * (EVENTS + 1)) as Position;
    assert!(positions(ledger.log.pool()).await.into_iter().eq(1..=head));
}

async fn append(log: &EventLog, number: usize) {
    let id = clock::new_id();
    let event = CompanyEvent::CompanyRegistered(details("Vigía").into());
    let draft = |sequence| {
        Draft::of("company", id, sequence, &event, std::collections::HashMap::new()).expect("JSON")
    };
    let lane = if number.is_multiple_of(4) { Lane::Bulk } else { Lane::Interactive };
    let appended =
        log.writer().append((1..=EVENTS as i64).map(draft).collect(), None, lane).await.expect("appended");
    assert_eq!(appended.last - appended.first + 1, EVENTS as Position);
}

async fn insert(pool: &PgPool) {
    let company = clock::new_id().to_string();
    stock(pool).execute(&company, CompanyCommand::Register(details("Vigía"))).await.expect("inserted");
}

#[tokio::test]
async fn history_can_be_neither_changed_nor_deleted_nor_emptied() {
    let ledger = Ledger::start().await;
    ledger.write(2).await;
    for refused in [
        "update events set event_type = 'Forged' where position = 1",
        "update events set position = position where false",
        "delete from events where position = 2",
        "truncate events",
    ] {
        let error = sqlx::query(refused).execute(ledger.log.pool()).await.expect_err(refused);
        let code = error.as_database_error().and_then(|error| error.code()).expect("a code").into_owned();
        assert_eq!(code, "42501", "{refused}: {error}");
    }
    assert_eq!(positions(ledger.log.pool()).await, [1, 2]);
}

#[tokio::test]
async fn the_stream_has_every_event_under_its_position_and_nothing_personal_in_clear() {
    let world = World::start().await;
    let company = world.company("Vigía Andina").await;
    let (ana, luis) = (
        world.user("Marcaana Núñez", &[Role::Admin], &[company]).await,
        world.user("Marcaluis", &[Role::Operator], &[]).await,
    );
    ana.post_new("/messages", &message_to(&[luis.user], "marca del cuerpo")).await.expect(201);
    let client = client_of("MARCA-7", "Marcacliente Peña", Some("3005550001"), Some("marca@example.com"));
    ana.post(&format!("/companies/{company}/clients"), &client).await.expect(201);
    let asked = ana.post_new("/notifications", &sms_to(company, "marca del aviso")).await.expect(202);
    tests::notified::finished(&ana, &id_of(&asked)).await;

    let ledger = Ledger::on(world.database_url.clone(), world.nats_url.clone()).await;
    ledger.relayed().await;
    ledger.assert_mirrored().await;
    for (sequence, text) in ledger.messages().await {
        let text = text.to_lowercase();
        for marker in ["marca", "3005550001", "núñez", "peña", "usuarios.test"] {
            assert!(!text.contains(marker), "{marker} stands in message {sequence}: {text}");
        }
        assert!(!text.contains("127.0.0.1"), "an ip stands in message {sequence}");
    }
    world.stop().await;
}
