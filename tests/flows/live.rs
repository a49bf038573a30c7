//! Live updates: a stream that is cut goes on where it stopped, with no gap and nothing twice.

use std::collections::BTreeSet;

use domain::value::Role;
use projections::queries::inbox::{Room, Since, full_at};
use serde_json::json;
use tests::notified::{checked, is_over};
use tests::orders::{client_of, message_to, sms_to};
use tests::{Client, World, id_of};

/// How many messages come while the reader's connection is cut again and again.
const MESSAGES: usize = 40;
/// After how many events each connection is cut.
const CUTS: [usize; 5] = [1, 2, 3, 5, 8];

/// Reads news of a kind over connections that are cut every few events, until there are so many. Gives their ids as
/// `key` finds them, in the order they came.
async fn read_over_cuts(client: &Client, kind: &str, key: &str, wanted: usize, from: i64) -> Vec<String> {
    let (mut last, mut told) = (from, Vec::new());
    for cut in CUTS.iter().cycle() {
        let mut stream = client.stream("/inbox/stream", Some(last)).await;
        for _ in 0..*cut {
            let event = stream.next().await.expect("the stream goes on");
            assert_ne!(event.event, "reset");
            if let Some(id) = event.id {
                assert!(id >= last, "{id} after {last}");
                last = id;
            }
            if event.event == kind {
                told.push(event.data[key].as_str().expect("a text").to_owned());
            }
            if told.len() == wanted {
                return told;
            }
        }
    }
    unreachable!("the cuts never end")
}

#[tokio::test]
async fn a_stream_that_is_cut_goes_on_after_the_last_event_with_no_gap_and_nothing_twice() {
    let world = World::start().await;
    let (ana, luis) =
        (world.user("Ana", &[Role::Operator], &[]).await, world.user("Luis", &[Role::Operator], &[]).await);
    let from = world.log().reader().head().await.expect("the head");
    let writing = async {
        let mut sent = Vec::new();
        for number in 0..MESSAGES {
            let body = message_to(&[luis.user], &format!("mensaje {number}"));
            sent.push(id_of(&ana.post_new("/messages", &body).await.expect(201)));
        }
        sent
    };
    let (sent, told) = tokio::join!(writing, read_over_cuts(&luis, "message", "id", MESSAGES, from));
    assert_eq!(told, sent);

    let from = world.log().reader().head().await.expect("the head");
    let reading = async {
        for message in &sent {
            luis.post(&format!("/inbox/{message}/seen"), &json!({})).await.expect(200);
        }
    };
    let ((), told) = tokio::join!(reading, read_over_cuts(&ana, "receipt", "message_id", MESSAGES, from));
    assert_eq!(told, sent, "the author is told of each receipt once");
    world.stop().await;
}

#[tokio::test]
async fn a_round_is_full_where_its_copies_are_or_its_messages() {
    let world = World::start().await;
    let ana = world.user("Ana", &[Role::Operator], &[]).await;
    let mut crowd = Vec::new();
    for _ in 0..3 {
        crowd.push(world.user("Luis", &[Role::Operator], &[]).await.user);
    }
    let after = world.log().reader().head().await.expect("the head");
    for recipients in [&crowd[..1], &crowd[..], &crowd[..1], &crowd[..1]] {
        ana.post_new("/messages", &message_to(recipients, "hola")).await.expect(201);
    }
    world.caught_up().await;
    let since = Since { after, until: after + 4 };
    let full = async |messages, copies, listeners| {
        let room = Room { messages, copies, listeners };
        full_at(world.log().pool(), since, room).await.expect("a position").map(|position| position - after)
    };
    assert_eq!(full(3, 100, 10).await, Some(3), "of messages");
    assert_eq!(full(100, 4, 10).await, Some(2), "one copy and three");
    assert_eq!(full(100, 4, 1).await, Some(4), "nobody is told who does not listen");
    assert_eq!(full(100, 100, 10).await, None);
    world.stop().await;
}

#[tokio::test]
async fn several_tabs_are_told_the_same_and_others_nothing() {
    let world = World::start().await;
    let (ana, luis) =
        (world.user("Ana", &[Role::Operator], &[]).await, world.user("Luis", &[Role::Operator], &[]).await);
    let mut tabs = [luis.stream("/inbox/stream", None).await, luis.stream("/inbox/stream", None).await];
    let mut other = ana.stream("/inbox/stream", None).await;
    other.next_of("counts").await;
    let message = id_of(&ana.post_new("/messages", &message_to(&[luis.user], "hola")).await.expect(201));
    for tab in &mut tabs {
        assert_eq!(id_of(&tab.next_of("message").await.data), message);
        assert_eq!(tab.next_of("counts").await.data["unread"], 1);
    }
    luis.post(&format!("/inbox/{message}/read"), &json!({})).await.expect(200);
    for tab in &mut tabs {
        assert_eq!(tab.next_of("counts").await.data["unread"], 0);
    }
    let told = other.next().await.expect("an event");
    assert_eq!(
        (told.event.as_str(), &told.data["kind"]),
        ("receipt", &json!("read")),
        "an author gets no message of their own"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_message_that_is_withdrawn_leaves_every_surface_of_its_recipients_now_and_after_a_cut() {
    let world = World::start().await;
    let (ana, luis) =
        (world.user("Ana", &[Role::Operator], &[]).await, world.user("Luis", &[Role::Operator], &[]).await);
    let mut tab = luis.stream("/inbox/stream", None).await;
    let message = id_of(&ana.post_new("/messages", &message_to(&[luis.user], "hola")).await.expect(201));
    let came = tab.next_of("message").await;
    ana.delete(&format!("/messages/{message}")).await.expect(200);
    let mut away = luis.stream("/inbox/stream", came.id).await;
    for surface in [&mut tab, &mut away] {
        let left = surface.next_of("withdrawn").await;
        assert_eq!((left.data, left.id > came.id), (json!({"message_id": message}), true));
        assert_eq!(surface.next_of("counts").await.data, json!({"unseen": 0, "unread": 0, "total": 0}));
    }
    world.stop().await;
}

#[tokio::test]
async fn a_reader_from_another_history_is_told_to_read_the_lists_again() {
    let world = World::start().await;
    let (ana, luis) =
        (world.user("Ana", &[Role::Operator], &[]).await, world.user("Luis", &[Role::Operator], &[]).await);
    ana.post_new("/messages", &message_to(&[luis.user], "hola")).await.expect(201);
    world.caught_up().await;
    let mut stream = luis.stream("/inbox/stream", Some(1_000_000)).await;
    assert_eq!(stream.next().await.expect("an event").event, "reset");
    assert_eq!(stream.next().await.expect("an event").data, json!({"unseen": 1, "unread": 1, "total": 1}));
    ana.post_new("/messages", &message_to(&[luis.user], "otra vez")).await.expect(201);
    assert_eq!(stream.next().await.expect("an event").event, "message");

    for bad in ["x", "-1", "1.5", "99999999999999999999"] {
        let request = luis.request(reqwest::Method::GET, "/inbox/stream").header("Last-Event-ID", bad);
        let refused = tests::Answer::to(request).await.refused(400);
        assert_eq!(refused, [("/Last-Event-ID".to_owned(), "invalid_cursor".to_owned())], "{bad}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_reader_who_was_away_longer_than_news_are_kept_is_told_to_read_the_lists_again() {
    let world = World::start().await;
    let (ana, luis) =
        (world.user("Ana", &[Role::Operator], &[]).await, world.user("Luis", &[Role::Operator], &[]).await);
    let before = world.log().reader().head().await.expect("the head");
    let send =
        async |text| id_of(&ana.post_new("/messages", &message_to(&[luis.user], text)).await.expect(201));
    let message = send("hola").await;
    luis.post(&format!("/inbox/{message}/read"), &json!({})).await.expect(200);
    world.caught_up().await;
    let read = world.log().reader().head().await.expect("the head");

    // The log's own time cannot be moved on; what the view remembers can be moved back.
    let pool = world.log().pool();
    for aged in [
        "update inbox.receipt_log set at = at - interval '9 days'",
        "update inbox.receipt_horizon set pruned_on = pruned_on - 1",
    ] {
        assert!(sqlx::query(aged).execute(pool).await.expect("the views' tables").rows_affected() > 0);
    }
    send("un día después").await;
    world.caught_up().await;
    let kept: i64 =
        sqlx::query_scalar("select count(*) from inbox.receipt_log").fetch_one(pool).await.expect("a count");
    assert_eq!(kept, 0, "what nobody can ask for is kept for ever");
    let mut away = ana.stream("/inbox/stream", Some(before)).await;
    assert_eq!(away.next().await.expect("an event").event, "reset");
    let mut in_time = ana.stream("/inbox/stream", Some(read)).await;
    assert_eq!(in_time.next().await.expect("an event").event, "counts");
    world.stop().await;
}

#[tokio::test]
async fn a_notifications_stream_goes_on_after_a_cut_and_always_adds_up() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    for number in 0..30 {
        let client =
            client_of(&format!("C-{number}"), "Cliente", Some(&format!("30012399{number:02}")), None);
        nora.post(&format!("/companies/{company}/clients"), &client).await.expect(201);
    }
    let asked = nora.post_new("/notifications", &sms_to(company, "Prueba de alarma")).await.expect(202);
    let path = format!("/notifications/{}/stream", id_of(&asked));
    let (mut last, mut ids) = (None, BTreeSet::new());
    loop {
        let mut stream = nora.stream(&path, last).await;
        let event = stream.next().await.expect("an event");
        assert_eq!(event.event, "totals");
        assert!(checked(&event.data));
        if let Some(id) = event.id {
            assert!(last.is_none_or(|last| id > last), "what was told is not told again");
            ids.insert(id);
            last = Some(id);
        }
        if is_over(&event.data) && event.data["totals"]["total"] == 30 {
            assert_eq!(event.data["totals"]["accepted"], 30);
            break;
        }
    }
    let mut again = nora.stream(&path, None).await;
    assert_eq!(again.next().await.expect("an event").id, last);
    world.stop().await;
}
