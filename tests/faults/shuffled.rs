//! Every message of NATS comes three times, in an order of chance: views, totals and the provider's books stay right.

use projections::Projection;
use projections::rebuild::compare as compare_view;
use tests::Client;
use tests::program::Program;

use crate::chance::Chance;
use crate::load::Load;
use crate::reconciliation::{final_totals, reconcile};
use crate::shuffler::Shuffler;
use crate::testbed::{Testbed, eventually};

/// How many companies there are, each with its campaigns, one after the other.
const ROUNDS: usize = 3;
/// How many messages are written beside the campaigns of a company.
const MESSAGES: usize = 20;
/// What each process is for: what it reads, another has written, so that it comes by JetStream.
const ROLES: [&str; 3] = ["gateway,relay", "gateway,projector", "gateway,dispatcher"];

/// A part of the program, behind a door of its own.
struct Part {
    program: Program,
    door: Shuffler,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_three_times_and_shuffled_changes_nothing() {
    let (chance, testbed) = (Chance::seeded(), Testbed::with_companies(ROUNDS).await);
    let mut parts = Vec::new();
    for roles in ROLES {
        let door = Shuffler::before(&testbed.nats_url, &chance).await;
        let mut environment = testbed.environment.clone();
        environment.insert("NATS_URL".to_owned(), door.url().to_owned());
        let program = Program::start(&["serve", "--roles", roles], &environment, "").await;
        parts.push(Part { program, door });
    }
    let [writer, viewer, sender] = &parts[..] else { panic!("three parts") };
    let client = testbed.client(&writer.program);
    let mut load = Load::default();
    for company in 0..ROUNDS {
        load.add_messages(&testbed, MESSAGES);
        load.add_notifications(&testbed, company);
        load.apply_until_answered(&client).await;
        for asked in load.notifications() {
            final_totals(&client, asked.id).await;
        }
    }
    // Messages one by one, until each of the readers has had some by JetStream.
    for reader in [viewer, sender] {
        eventually("it reads JetStream", async || {
            load.add_messages(&testbed, 1);
            load.apply_until_answered(&client).await;
            (by_jetstream(&testbed.client(&reader.program)).await > 0).then_some(())
        })
        .await;
        let (delivered, disordered) = (reader.door.delivered(), reader.door.disordered());
        println!("{delivered} messages were delivered, {disordered} of them after a later one");
        assert!(disordered > 0, "{delivered} messages were delivered, all of them in order");
    }
    reconcile(&testbed, &client, &load, 0).await;
    for projection in Projection::ALL {
        let differences = compare_view(testbed.log.reader(), projection).await;
        assert_eq!(differences.expect("a comparison"), [], "{projection:?}");
    }
    for part in parts {
        part.program.kill().await;
    }
}

/// How many events a process has read from JetStream.
async fn by_jetstream(client: &Client) -> u64 {
    let text = reqwest::get(format!("{}/metrics", client.base())).await.expect("it answers");
    let text = text.text().await.expect("its figures");
    let line = text.lines().find(|line| {
        line.starts_with("mensajeria_feed_events_total{") && line.contains("source=\"jetstream\"")
    });
    line.and_then(|line| line.split(' ').next_back()?.parse().ok()).unwrap_or(0)
}
