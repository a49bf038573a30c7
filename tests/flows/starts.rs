//! A start after a crash: each view has forgotten its own last moments, and all come back to the head.

use std::sync::Arc;

use commands::clock;
use dispatcher::simulator::SimulatorOptions;
use domain::Position;
use domain::value::Role;
use projections::Projection;
use reqwest::Method;
use sqlx::PgPool;
use tests::client_file::{TextEncoding, client_file};
use tests::{Answer, World};

/// More than any view is set back.
const CLIENTS: usize = 450;
/// By how many events views are set back; the audit stays at the head.
const SET_BACK: [(Projection, Position); 4] = [
    (Projection::Users, 300),
    (Projection::Clients, 200),
    (Projection::Inbox, 100),
    (Projection::Notifications, 400),
];
/// How many starts are tried: which view comes first is chance.
const STARTS: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn views_that_are_unequally_far_behind_all_come_to_the_head() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let admin = world.user("Ana", &[Role::Admin], &[company]).await;
    let import = admin.request(Method::POST, &format!("/companies/{company}/clients/import"));
    let file = client_file(16, CLIENTS, TextEncoding::Utf8, ';').bytes;
    Answer::to(import.header("Content-Type", "text/csv").body(file)).await.expect(200);
    world.caught_up().await;
    let (database_url, nats_url) = (world.database_url.clone(), world.nats_url.clone());
    world.stop().await;

    let pool = PgPool::connect(&database_url).await.expect("the database answers");
    for _ in 0..STARTS {
        set_back(&pool).await;
        let simulator = SimulatorOptions::new(Arc::new(clock::now));
        let world = World::on(database_url.clone(), nats_url.clone(), simulator).await;
        world.caught_up().await;
        let views = admin.at(&world.base()).get("/projections").await.expect(200);
        for view in views["data"].as_array().expect("views") {
            assert_eq!((&view["state"], &view["parked"]), (&"live".into(), &0.into()), "{view}");
        }
        world.stop().await;
    }
}

async fn set_back(pool: &PgPool) {
    for (projection, events) in SET_BACK {
        let moved = sqlx::query(&format!("update {projection}.checkpoint set position = position - $1"))
            .bind(events)
            .execute(pool)
            .await
            .expect("the checkpoint");
        assert_eq!(moved.rows_affected(), 1);
    }
}
