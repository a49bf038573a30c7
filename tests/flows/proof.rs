//! The proof of the log through the front door and the command line: what is sealed can be proven, and what a superuser
//! changes is found.

use domain::proof::{Hash, VerifierKey, verify_consistency, verify_inclusion};
use domain::value::Role;
use projections::proof::{KnownKeys, SigningKey, audit};
use serde_json::Value;
use sqlx::PgPool;
use tests::orders::message_to;
use tests::world::PROOF_KEY;
use tests::{Client, World};

/// A world with some events.
struct Office {
    world: World,
    admin: Client,
    ana: Client,
    nora: Client,
}

impl Office {
    async fn open() -> Self {
        let world = World::start().await;
        let company = world.company("Vigía").await;
        let ana = world.user("Ana", &[Role::Operator], &[company]).await;
        let nora = world.user("Nora", &[Role::Auditor], &[company]).await;
        let admin = world.user("Ada", &[Role::Admin], &[]).await;
        Self { world, admin, ana, nora }
    }

    async fn write(&self, messages: usize) {
        for number in 0..messages {
            let message = message_to(&[self.nora.user, self.admin.user], &format!("Aviso {number}"));
            self.ana.post_new("/messages", &message).await.expect(201);
        }
    }

    fn key(&self) -> VerifierKey {
        let origin = format!("mensajeria/{}", self.world.log().reader().ledger());
        SigningKey::new(PROOF_KEY).verifier(&origin.parse().expect("a name"))
    }
}

fn hashes(proof: &Value) -> Vec<Hash> {
    let hash = |text: &Value| Hash::from_base64(text.as_str().expect("a text")).expect("a hash");
    proof.as_array().expect("a list").iter().map(hash).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_proven_by_a_checkpoint_that_a_stranger_verifies() {
    let office = Office::open().await;
    office.write(3).await;
    let first = office.world.sealed().await;
    let known = KnownKeys::new([office.key()]);
    let checkpoint = async || {
        let answer = office.nora.get("/audit/checkpoint").await;
        assert!(answer.header("content-type").starts_with("text/plain"), "{:?}", answer.headers);
        known.open(answer.expect(200).as_str().expect("a text")).expect("it is signed")
    };
    let earlier = checkpoint().await;
    assert_eq!(earlier.size, first);
    for position in 1..=first {
        let proof = office.nora.get(&format!("/audit/proof/{position}")).await.expect(200);
        let leaf = Hash::from_base64(proof["leaf"].as_str().expect("a text")).expect("a hash");
        let path = hashes(&proof["proof"]);
        assert!(verify_inclusion(leaf, position - 1, first, &path, earlier.root), "{position}");
        let event = office.world.log().reader().read_at(&[position as i64]).await.expect("it is there");
        assert_eq!(domain::proof::event_leaf(&event[0].proof_row()), leaf);
    }
    office.write(2).await;
    let last = office.world.sealed().await;
    let later = checkpoint().await;
    let path = format!("/audit/consistency?from={first}&to={last}");
    let proof = office.admin.get(&path).await.expect(200);
    assert!(verify_consistency((first, earlier.root), (last, later.root), &hashes(&proof["proof"])));
    let old = office.nora.get(&format!("/audit/proof/1?size={first}")).await.expect(200);
    assert_eq!(known.open(old["checkpoint"].as_str().expect("a note")), Ok(earlier));
    office.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_of_what_is_not_sealed_is_refused_clearly() {
    let office = Office::open().await;
    let size = office.world.sealed().await;
    let refused: [(&str, &str); 8] = [
        ("/audit/proof/0", "/position"),
        (&format!("/audit/proof/{}", size + 1_000), "/position"),
        (&format!("/audit/proof/1?size={}", size + 1_000), "/size"),
        ("/audit/proof/3?size=2", "/position"),
        ("/audit/consistency?to=1", "/from"),
        ("/audit/consistency?from=1", "/to"),
        ("/audit/consistency?from=3&to=2", "/from"),
        (&format!("/audit/consistency?from=1&to={}", size + 1_000), "/to"),
    ];
    for (path, name) in refused {
        let faults = office.admin.get(path).await.refused(400);
        assert_eq!(faults.iter().map(|(pointer, _)| pointer.as_str()).collect::<Vec<_>>(), [name], "{path}");
    }
    for path in ["/audit/checkpoint", "/audit/proof/1", "/audit/consistency?from=1&to=1"] {
        office.ana.get(path).await.refused(403);
    }
    office.world.stop().await;
}

/// What a superuser does at the position `{p}`, and as what it is found there.
const TAMPERINGS: [(&str, &str); 10] = [
    ("update events set payload = '{}' where position = {p}", "the event is not the one"),
    (
        "update events set recorded_at = recorded_at + interval '1 us' where position = {p}",
        "the event is not the one",
    ),
    ("update events set metadata = '{\"actor\": \"x\"}' where position = {p}", "the event is not the one"),
    ("update events set event_id = gen_random_uuid() where position = {p}", "the event is not the one"),
    ("update events set aggregate_id = aggregate_id || 'x' where position = {p}", "the event is not the one"),
    ("delete from events where position = {p}", "the event is missing"),
    ("delete from events where position >= {p}", "the event is missing"),
    // One is taken out and all that follow are moved up.
    (
        "delete from events where position = {p};
         update events set position = -position where position > {p};
         update events set position = -position - 1 where position < 0",
        "the event is not the one",
    ),
    // One is put in and all that follow are moved down.
    (
        "update events set position = -position where position >= {p};
         update events set position = 1 - position where position < 0;
         insert into events
           (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, position)
         values ('message', gen_random_uuid()::text, 1, 'MessageWithdrawn', '1', '{}', '{}', {p})",
        "the event is not the one",
    ),
    // Two change places.
    (
        "update events set position = -position where position in ({p}, {p} + 1);
         update events set position = 2 * {p} + 1 + position where position < 0",
        "the event is not the one",
    ),
];

/// Lets a superuser change what triggers refuse.
const AS_SUPERUSER: &str = "set local session_replication_role = replica";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_superuser_does_to_the_log_is_found_at_its_position() {
    let office = Office::open().await;
    office.write(20).await;
    let size = office.world.sealed().await;
    let known = KnownKeys::new([office.key()]);
    let pool = PgPool::connect(&office.world.database_url).await.expect("the database answers");
    // No sealer may take what is changed here for new.
    office.world.stop().await;
    let passed = audit(&pool, &known, &[], |_| {}).await.expect("nothing was changed");
    assert_eq!((passed.sealed, passed.unsealed), (size, 0));
    let refused = sqlx::raw_sql("delete from proof_tiles").execute(&pool).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("append-only")));
    sqlx::raw_sql("create table kept as select * from events").execute(&pool).await.expect("a copy");
    for round in 0..5 {
        for (number, (statements, found)) in (1..).zip(TAMPERINGS) {
            let position = 1 + (round * 7 + number * 3) % (size - 1);
            let statements = statements.replace("{p}", &position.to_string());
            sqlx::raw_sql(&format!("begin; {AS_SUPERUSER}; {statements}; commit"))
                .execute(&pool)
                .await
                .expect("it is done");
            let error = audit(&pool, &known, &[], |_| {}).await.expect_err(&statements).to_string();
            assert!(error.starts_with(&format!("position {position}: {found}")), "{statements}: {error}");
            let restore = "delete from events; insert into events select * from kept";
            sqlx::raw_sql(&format!("begin; {AS_SUPERUSER}; {restore}; commit"))
                .execute(&pool)
                .await
                .expect("the log is as it was");
        }
    }
    assert_eq!(audit(&pool, &known, &[], |_| {}).await.expect("the log is as it was"), passed);
}
