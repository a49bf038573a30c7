//! Replay equals live: views are built anew beside the ones that serve while people read and write, come out the same,
//! and nobody outside hears of it.

use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use commands::log::EventLog;
use domain::value::{Channel, CompanyId, Role};
use projections::queries::status::{self, ProjectionState};
use projections::rebuild::{self, RebuildError};
use projections::{Projection, Projections};
use serde_json::{Value, json};
use sqlx::PgPool;
use tests::client_file::{TextEncoding, client_file};
use tests::ledger::Ledger;
use tests::notified::finished;
use tests::orders::{client_of, email_to, message_to, sms_to};
use tests::world::email_of;
use tests::{Answer, Client, HANG, World, id_of};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How many messages are written before the views are built anew.
const MESSAGES: usize = 25;

struct Town {
    world: World,
    company: CompanyId,
    admin: Client,
    luis: Client,
}

impl Town {
    async fn with_a_history() -> Self {
        let world = World::start().await;
        let company = world.company("Vigía").await;
        let admin = world.user("Ana", &[Role::Admin], &[company]).await;
        let luis = world.user("Luis", &[Role::Operator], &[company]).await;
        let mut town = Self { world, company, admin, luis };
        town.messages().await;
        town.clients().await;
        town.notifications().await;
        town.users().await;
        town.world.caught_up().await;
        town
    }

    async fn messages(&self) {
        let mut messages = Vec::new();
        for number in 0..MESSAGES {
            let body = message_to(&[self.luis.user, self.admin.user], &format!("mensaje {number} con señal"));
            messages.push(id_of(&self.admin.post_new("/messages", &body).await.expect(201)));
        }
        for (number, message) in messages.iter().enumerate() {
            let action = ["seen", "read", "unread", "acknowledge", "restore"][number % 5];
            self.luis.post(&format!("/inbox/{message}/{action}"), &json!({})).await.expect(200);
            if number % 7 == 0 {
                self.luis.delete(&format!("/inbox/{message}")).await.expect(200);
            }
        }
        let head = self.world.log().reader().head().await.expect("the head");
        self.admin.post("/inbox/read-all", &json!({"up_to": head})).await.expect(200);
        self.admin.post(&format!("/inbox/{}/unread", messages[3]), &json!({})).await.expect(200);
        self.luis.post("/inbox/read-all", &json!({"up_to": head / 2})).await.expect(200);
        self.luis.post(&format!("/inbox/{}/restore", messages[7]), &json!({})).await.expect(200);
        // Right after it was sent and read: it can be withdrawn for some seconds only.
        let body = message_to(&[self.luis.user, self.admin.user], "se retira");
        let withdrawn = id_of(&self.admin.post_new("/messages", &body).await.expect(201));
        self.luis.post(&format!("/inbox/{withdrawn}/read"), &json!({})).await.expect(200);
        self.admin.delete(&format!("/messages/{withdrawn}")).await.expect(200);
    }

    async fn clients(&self) {
        let path = format!("/companies/{}/clients", self.company);
        let file = client_file(5, 60, TextEncoding::Utf8, ';').bytes;
        let import = self.admin.request(reqwest::Method::POST, &format!("{path}/import"));
        Answer::to(import.header("Content-Type", "text/csv").body(file)).await.expect(200);
        for (name, phone, email) in [
            ("Uno", "3001230001", "rebota@example.com"),
            ("Dos", "3001230002", "ocupado@example.com"),
            ("Tres", "3001230006", "pierde@example.com"),
        ] {
            self.admin.post(&path, &client_of(name, name, Some(phone), Some(email))).await.expect(201);
        }
        let some = self.admin.all(&path).await;
        self.admin
            .patch(&format!("/clients/{}", id_of(&some[10])), &json!({"name": "Cambiada", "contacts": []}))
            .await
            .expect(200);
        self.admin.delete(&format!("/clients/{}", id_of(&some[11]))).await.expect(200);
    }

    async fn notifications(&self) {
        for order in [sms_to(self.company, "Aviso"), email_to(self.company, "Aviso", "Hola")] {
            let notification = id_of(&self.admin.post_new("/notifications", &order).await.expect(202));
            finished(&self.admin, &notification).await;
            self.admin.post(&format!("/notifications/{notification}/retry"), &json!({})).await.expect(200);
            finished(&self.admin, &notification).await;
        }
        let cancelled =
            id_of(&self.admin.post_new("/notifications", &sms_to(self.company, "No va")).await.expect(202));
        self.admin.post(&format!("/notifications/{cancelled}/cancel"), &json!({})).await.expect(200);
        finished(&self.admin, &cancelled).await;
        let mut scheduled = sms_to(self.company, "Más tarde");
        scheduled["schedule_at"] = json!(self.world.now() + TimeDelta::days(1));
        let moved = id_of(&self.admin.post_new("/notifications", &scheduled).await.expect(202));
        let later = json!({"schedule_at": self.world.now() + TimeDelta::days(2)});
        self.admin.post(&format!("/notifications/{moved}/reschedule"), &later).await.expect(200);
        self.admin.post(&format!("/notifications/{moved}/pause"), &json!({})).await.expect(200);
        // Erased with deliveries behind them.
        let some = self.admin.all(&format!("/companies/{}/clients?q=dos", self.company)).await;
        self.admin.delete(&format!("/clients/{}", id_of(&some[0]))).await.expect(200);
    }

    async fn users(&mut self) {
        let path = format!("/users/{}", self.luis.user);
        self.admin
            .patch(&path, &json!({"name": "Luis Ángel", "password": "otra contraseña"}))
            .await
            .expect(200);
        self.admin.patch(&path, &json!({"active": false})).await.expect(200);
        self.admin.patch(&path, &json!({"active": true, "roles": ["operator", "auditor"]})).await.expect(200);
        // His token ended with the login.
        self.luis = self.luis.log_in(&email_of(self.luis.user), "otra contraseña").await;
        self.admin
            .patch(&format!("/companies/{}", self.company), &json!({"name": "Vigía del Sur"}))
            .await
            .expect(200);
    }

    /// What people see.
    async fn seen(&self) -> Vec<Value> {
        let mut seen = Vec::new();
        for path in ["/inbox", "/messages/sent", "/me", "/inbox/summary"] {
            seen.push(self.luis.get(path).await.expect(200));
        }
        let clients = format!("/companies/{}/clients", self.company);
        for path in ["/inbox", "/messages/sent", "/notifications", "/audit", "/users", "/companies", &clients]
        {
            seen.push(self.admin.all(path).await.into());
        }
        for notification in self.admin.all("/notifications").await {
            seen.push(
                self.admin.all(&format!("/notifications/{}/deliveries", id_of(&notification))).await.into(),
            );
        }
        seen
    }

    fn left(&self) -> (u64, u64) {
        let simulator = &self.world.simulator;
        let all = |channel| {
            simulator.counts(channel).accepted
                + simulator.counts(channel).refused
                + simulator.counts(channel).lost
        };
        (all(Channel::Sms), all(Channel::Email))
    }
}

#[tokio::test]
async fn every_view_that_is_built_anew_while_people_read_and_write_is_what_it_was() {
    let town = Town::with_a_history().await;
    let (before, left) = (town.seen().await, town.left());
    for projection in Projection::ALL {
        let path = format!("/projections/{projection}/rebuild");
        let (one, same) =
            (town.admin.post(&path, &json!({})).await, town.admin.post(&path, &json!({})).await);
        one.expect(202);
        same.expect(202);
    }
    let is_over = AtomicBool::new(false);
    let reading = async {
        let mut reads = 0;
        while !is_over.load(Ordering::Relaxed) {
            assert_eq!(town.seen().await, before, "what people see does not change");
            reads += 1;
        }
        reads
    };
    let building = async {
        loop {
            let all = town.admin.get("/projections").await.expect(200);
            let states: Vec<Value> =
                all["data"].as_array().expect("projections").iter().map(|one| one["state"].clone()).collect();
            assert!(states.iter().all(|state| state != "failed"), "{all}");
            if states.iter().all(|state| state == "live") {
                return is_over.store(true, Ordering::Relaxed);
            }
            tokio::task::yield_now().await;
        }
    };
    let (reads, ()) = tokio::join!(reading, building);
    assert!(reads > 0);
    assert_eq!(town.seen().await, before);

    town.admin.post("/projections/inbox/rebuild", &json!({})).await.expect(202);
    for number in 0..10 {
        let sent = town
            .luis
            .post_new("/messages", &message_to(&[town.luis.user], &format!("mientras {number}")))
            .await
            .expect(201);
        let mine = town.luis.get("/inbox?limit=1").await.expect(200);
        assert_eq!(
            mine["data"][0]["id"], sent["id"],
            "what was written is read at once, whatever is being built"
        );
    }
    for projection in Projection::ALL {
        let differences =
            rebuild::compare(town.world.log().reader(), projection).await.expect("a comparison");
        assert_eq!(differences, [], "{projection}");
    }
    assert_eq!(town.left(), left, "replay sends nothing");
    town.admin.post("/projections/nada/rebuild", &json!({})).await.refused(404);
    town.luis.post("/projections/inbox/rebuild", &json!({})).await.refused(403);
    town.world.stop().await;
}

/// Lets no rebuild of `clients` come to its end.
async fn refuse_indexes(pool: &PgPool) {
    sqlx::raw_sql(
        "create function refuse() returns event_trigger language plpgsql as $$
         begin
           if current_setting('search_path') like '%clients%' then raise 'no index'; end if;
         end $$;
         create event trigger no_index on ddl_command_start when tag in ('CREATE INDEX') execute function refuse()",
    )
    .execute(pool)
    .await
    .expect("indexes are refused");
}

/// Waits until `clients` stands so, and gives why.
async fn stands(log: &EventLog, wanted: ProjectionState) -> Option<String> {
    let looking = async {
        loop {
            let all = status::list(log.reader()).await.expect("the projections");
            let clients = all.into_iter().find(|one| one.name == "clients").expect("clients");
            if clients.state == wanted && (wanted == ProjectionState::Failed || clients.lag == 0) {
                return clients.failure;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(HANG, looking).await.expect("it comes to stand so")
}

#[tokio::test]
async fn a_view_whose_rebuild_was_given_up_waits_for_a_person_to_order_the_next() {
    let ledger = Ledger::start().await;
    let pool = ledger.log.pool();
    let start =
        |cancel: &CancellationToken| Projections::start(ledger.log.reader().clone(), None, cancel.clone());
    let cancel = CancellationToken::new();
    let projections = start(&cancel);
    ledger.write(1).await;
    stands(&ledger.log, ProjectionState::Live).await;
    cancel.cancel();
    projections.stopped().await;

    // As a program finds it whose tables are made otherwise.
    sqlx::query("update clients.checkpoint set ddl_sha256 = ''").execute(pool).await.expect("other tables");
    refuse_indexes(pool).await;
    let cancel = CancellationToken::new();
    let projections = start(&cancel);
    let why = stands(&ledger.log, ProjectionState::Failed).await;
    assert!(why.is_some_and(|why| why.contains("its rebuild was given up")), "it does not say why");
    let orders = "select count(*) from projection_rebuilds where name = 'clients'";
    let ordered: i64 = sqlx::query_scalar(orders).fetch_one(pool).await.expect("a count");
    assert_eq!(ordered, 1, "it is begun again and again");

    sqlx::raw_sql("drop event trigger no_index").execute(pool).await.expect("the cause is mended");
    rebuild::request(pool, Projection::Clients).await.expect("an order");
    stands(&ledger.log, ProjectionState::Live).await;
    let ordered: i64 = sqlx::query_scalar(orders).fetch_one(pool).await.expect("a count");
    assert_eq!(ordered, 2, "nobody but the person has ordered one");
    cancel.cancel();
    projections.stopped().await;
}

/// Nobody erases people from tables that serve nobody. What is built from the same reading goes on.
#[tokio::test]
async fn a_rebuild_that_is_given_up_leaves_nothing_behind_and_stops_no_other() {
    let ledger = Ledger::start().await;
    let pool = ledger.log.pool();
    refuse_indexes(pool).await;
    let ordered = [Projection::Users, Projection::Clients];
    let outcome = rebuild::run(ledger.log.reader(), &ordered, &CancellationToken::new(), |_, _| {}).await;
    assert!(
        matches!(outcome, Err(RebuildError::GivenUp { projection: Projection::Clients, .. })),
        "{outcome:?}"
    );
    assert_eq!(leftovers(pool).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_a_rebuild_left_that_died_is_dropped_by_the_next_program() {
    let ledger = Ledger::start().await;
    let pool = ledger.log.pool();
    sqlx::raw_sql(
        "create schema clients_rebuild; create table clients_rebuild.contacts (name text);
         create schema inbox_old; create table inbox_old.inbox_items (body text)",
    )
    .execute(pool)
    .await
    .expect("the schemas are made");
    let cancel = CancellationToken::new();
    let projections = Projections::start(ledger.log.reader().clone(), None, cancel.clone());
    let tidying = async {
        while !leftovers(pool).await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(HANG, tidying).await.expect("they are dropped");
    cancel.cancel();
    projections.stopped().await;
}

/// The schemas that serve nobody.
async fn leftovers(pool: &PgPool) -> Vec<String> {
    let query = "select nspname::text from pg_namespace where nspname ~ '_(rebuild|old)$'";
    sqlx::query_scalar(query).fetch_all(pool).await.expect("the schemas")
}
