//! Messages between workers: from the form to the other's screen, and what becomes of them there.

use chrono::TimeDelta;
use domain::value::{Role, UserId};
use reqwest::Method;
use serde_json::{Value, json};
use tests::orders::message_to;
use tests::{Answer, Client, EventStream, World, id_of};

async fn operator(world: &World, name: &str) -> Client {
    world.user(name, &[Role::Operator], &[]).await
}

/// Sends a message and gives its id, once everybody can read it.
async fn send(world: &World, author: &Client, recipients: &[&Client], text: &str) -> String {
    let users: Vec<UserId> = recipients.iter().map(|client| client.user).collect();
    let sent = author.post_new("/messages", &message_to(&users, text)).await.expect(201);
    world.caught_up().await;
    id_of(&sent)
}

async fn act(client: &Client, message: &str, action: &str) {
    client.post(&format!("/inbox/{message}/{action}"), &json!({})).await.expect(200);
}

async fn watch(client: &Client) -> EventStream {
    let mut stream = client.stream("/inbox/stream", None).await;
    assert_eq!(stream.next().await.expect("an event").event, "counts", "the first event is how it stands");
    stream
}

/// The one message of an inbox that has this id.
async fn item(client: &Client, message: &str) -> Option<Value> {
    client.all("/inbox").await.into_iter().find(|item| item["id"] == message)
}

/// The counts are those of the list, and the same everywhere.
async fn counts(client: &Client) -> (i64, i64, i64) {
    let rows = client.all("/inbox").await;
    let without = |field: &str| rows.iter().filter(|row| row[field].is_null()).count() as i64;
    let (unread, read) = (
        client.all("/inbox?state=unread").await.len() as i64,
        client.all("/inbox?state=read").await.len() as i64,
    );
    let told = client.get("/inbox").await.expect(200)["counts"].clone();
    let number = |name: &str| told[name].as_i64().expect("a number");
    let counts = (number("unseen"), number("unread"), number("total"));
    assert_eq!(
        counts,
        (without("seen_at"), without("read_at"), rows.len() as i64),
        "the list says otherwise"
    );
    assert_eq!((unread, unread + read), (counts.1, counts.2), "the filters say otherwise");
    assert_eq!(client.get("/inbox/summary").await.expect(200)["counts"], told);
    assert_eq!(client.get("/me").await.expect(200)["counts"], told);
    counts
}

#[tokio::test]
async fn a_message_comes_up_at_its_recipient_and_its_author_sees_what_becomes_of_it() {
    let world = World::start().await;
    let (ana, luis, eva) =
        (operator(&world, "Ana Núñez").await, operator(&world, "Luis").await, operator(&world, "Eva").await);
    let (mut at_luis, mut at_ana) = (watch(&luis).await, watch(&ana).await);
    let text = "Revisar el panel 4:\n\t«zona» ñandú 😀 <b>ya</b>";
    let body = json!({
        "recipients": [luis.user.to_string(), eva.user.to_string(), luis.user.to_string()], "body": text,
        "priority": "high", "acknowledge": true,
    });
    let answer = ana.post_new("/messages", &body).await;
    let position = answer.header("mensajeria-position").to_owned();
    let sent = answer.expect(201);
    assert_eq!((&sent["recipients"], sent["position"].to_string()), (&json!(2), position));
    let message = id_of(&sent);

    let news = at_luis.next().await.expect("an event");
    assert_eq!((news.event.as_str(), news.id), ("message", sent["position"].as_i64()));
    assert_eq!(news.data["author"], json!({"id": ana.user.to_string(), "name": "Ana Núñez"}));
    assert_eq!(
        (&news.data["body"], &news.data["priority"], &news.data["acknowledge"]),
        (&json!(text), &json!("high"), &json!(true))
    );
    assert_eq!(at_luis.next_of("counts").await.data, json!({"unseen": 1, "unread": 1, "total": 1}));
    assert_eq!(item(&luis, &message).await, Some(news.data), "the list shows what the stream told");
    assert_eq!(counts(&luis).await, (1, 1, 1));

    let steps = [
        ("seen", "seen", (0, 1), (0, 0)),
        ("read", "read", (0, 0), (1, 0)),
        ("unread", "unread", (0, 1), (0, 0)),
        ("acknowledge", "acknowledged", (0, 0), (1, 1)),
    ];
    for (action, kind, (unseen, unread), (read, acknowledged)) in steps {
        act(&luis, &message, action).await;
        let told = at_ana.until("receipt", |receipt| receipt["kind"] == kind).await.data;
        assert_eq!((&told["message_id"], &told["user_id"]), (&json!(message), &json!(luis.user.to_string())));
        assert_eq!(
            (&told["read"], &told["acknowledged"], &told["recipients"]),
            (&json!(read), &json!(acknowledged), &json!(2))
        );
        at_luis
            .until("counts", |told| *told == json!({"unseen": unseen, "unread": unread, "total": 1}))
            .await;
        assert_eq!(counts(&luis).await, (unseen, unread, 1), "{action}");
        act(&luis, &message, action).await;
    }
    let found = item(&luis, &message).await.expect("the message");
    assert!(
        ["seen_at", "read_at", "acknowledged_at"].iter().all(|field| found[field].is_string()),
        "{found}"
    );

    let mine = ana.get("/messages/sent").await.expect(200)["data"][0].clone();
    assert_eq!(
        (&mine["id"], &mine["read_count"], &mine["acknowledged_count"], &mine["recipient_count"]),
        (&json!(message), &json!(1), &json!(1), &json!(2))
    );
    let receipts = ana.all(&format!("/messages/{message}/receipts")).await;
    let of = |name: &str| receipts.iter().find(|row| row["user"]["name"] == name).expect("a row").clone();
    assert_eq!(receipts.len(), 2);
    assert!(of("Luis")["acknowledged_at"].is_string() && of("Eva")["seen_at"].is_null(), "{receipts:?}");
    world.stop().await;
}

#[tokio::test]
async fn an_author_may_take_a_message_back_within_ten_seconds_and_not_later() {
    let world = World::start().await;
    let (ana, luis) = (operator(&world, "Ana").await, operator(&world, "Luis").await);
    let mut at_luis = watch(&luis).await;
    let message = send(&world, &ana, &[&luis], "me equivoqué").await;
    at_luis.next_of("message").await;
    let path = format!("/messages/{message}");
    luis.delete(&path).await.refused(403);
    world.pass(TimeDelta::seconds(9));
    ana.delete(&path).await.expect(200);
    at_luis.until("counts", |told| told["total"] == 0).await;
    assert_eq!((item(&luis, &message).await, counts(&luis).await), (None, (0, 0, 0)));
    luis.get(&path).await.refused(404);
    assert!(ana.all("/messages/sent").await.is_empty());
    ana.delete(&path).await.expect(200);

    let message = send(&world, &ana, &[&luis], "esto queda").await;
    world.pass(TimeDelta::seconds(11));
    let late = ana.delete(&format!("/messages/{message}")).await.expect(409);
    assert!(late["detail"].as_str().is_some_and(|detail| detail.contains("10")), "{late}");
    assert_eq!(counts(&luis).await, (1, 1, 1));
    world.stop().await;
}

#[tokio::test]
async fn a_message_goes_to_each_person_once_however_they_are_meant_and_to_its_author_only_if_named() {
    let world = World::start().await;
    let (here, there) = (world.company("Aquí").await, world.company("Allá").await);
    let ana = world.user("Ana", &[Role::Operator], &[here]).await;
    let luis = world.user("Luis", &[Role::Operator], &[here, there]).await;
    let eva = world.user("Eva", &[Role::Operator, Role::Auditor], &[there]).await;
    let nora = world.user("Nora", &[Role::Notifier], &[here]).await;
    let gone = world.user("Iván", &[Role::Operator], &[here]).await;
    let admin = world.user("Admin", &[Role::Admin], &[]).await;
    admin.patch(&format!("/users/{}", gone.user), &json!({"active": false})).await.expect(200);
    let everybody = [("ana", &ana), ("luis", &luis), ("eva", &eva), ("nora", &nora)];
    let id = |client: &Client| client.user.to_string();
    let cases = [
        (json!({"roles": ["operator"]}), &["luis", "eva"][..]),
        (json!({"roles": ["operator"], "company": here.to_string()}), &["luis"]),
        (json!({"company": here.to_string()}), &["luis", "nora"]),
        (json!({"roles": ["auditor", "operator"], "recipients": [id(&eva), id(&eva)]}), &["luis", "eva"]),
        (json!({"company": here.to_string(), "recipients": [id(&ana)]}), &["ana", "luis", "nora"]),
        (json!({"recipients": [id(&ana)]}), &["ana"]),
    ];
    for (number, (mut addressed, expected)) in cases.into_iter().enumerate() {
        addressed["body"] = json!(format!("caso {number}"));
        let sent = ana.post_new("/messages", &addressed).await.expect(201);
        assert_eq!(sent["recipients"], expected.len(), "{addressed}");
        world.caught_up().await;
        let mut got = Vec::new();
        for (name, client) in everybody {
            let found = client.all(&format!("/inbox?q=caso%20{number}")).await;
            assert!(found.len() < 2, "{name} has it twice");
            got.extend(found.first().map(|_| name));
        }
        assert_eq!(got, expected, "{addressed}");
    }
    for (addressed, pointer, code) in [
        (json!({"recipients": [id(&gone)]}), "/recipients/0", "unknown_id"),
        (
            json!({"recipients": [id(&luis), "01890000-0000-7000-8000-000000000000"]}),
            "/recipients/1",
            "unknown_id",
        ),
        (json!({"company": there.to_string()}), "/company", "unknown_id"),
        (json!({"roles": ["admin"], "company": here.to_string()}), "/recipients", "no_recipients"),
        (json!({}), "/recipients", "no_recipients"),
    ] {
        let mut body = addressed.clone();
        body["body"] = json!("nadie");
        assert_eq!(
            ana.post_new("/messages", &body).await.refused(422),
            [(pointer.into(), code.into())],
            "{addressed}"
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn a_reply_names_what_it_answers_and_only_who_has_a_message_may_answer_it() {
    let world = World::start().await;
    let (ana, luis, eva) =
        (operator(&world, "Ana").await, operator(&world, "Luis").await, operator(&world, "Eva").await);
    let question = send(&world, &ana, &[&luis], "¿Quién está de turno?").await;
    let reply = json!({"recipients": [ana.user.to_string()], "body": "Yo.", "in_reply_to": question});
    let answer = id_of(&luis.post_new("/messages", &reply).await.expect(201));
    world.caught_up().await;
    assert_eq!(item(&ana, &answer).await.expect("the answer")["in_reply_to"], json!(question));
    assert_eq!(
        eva.post_new("/messages", &reply).await.refused(422),
        [("/in_reply_to".into(), "unknown_id".into())]
    );

    for path in [
        format!("/messages/{question}"),
        format!("/messages/{question}/receipts"),
        format!("/messages/{question}/history"),
    ] {
        eva.get(&path).await.refused(404);
    }
    luis.get(&format!("/messages/{question}")).await.expect(200);
    let history = ana.get(&format!("/messages/{question}/history")).await.expect(200);
    assert_eq!(history["events"][0]["type"], "MessageSent");
    for action in ["seen", "read", "unread", "acknowledge", "restore"] {
        eva.post(&format!("/inbox/{question}/{action}"), &json!({})).await.refused(404);
    }
    eva.delete(&format!("/inbox/{question}")).await.refused(404);
    world.stop().await;
}

#[tokio::test]
async fn a_deleted_message_is_in_no_list_and_no_count_until_it_is_restored() {
    let world = World::start().await;
    let (ana, luis, eva) =
        (operator(&world, "Ana").await, operator(&world, "Luis").await, operator(&world, "Eva").await);
    let message = send(&world, &ana, &[&luis, &eva], "borrable").await;
    act(&luis, &message, "seen").await;
    let before = item(&luis, &message).await;
    for _ in 0..2 {
        luis.delete(&format!("/inbox/{message}")).await.expect(200);
        assert_eq!((item(&luis, &message).await, counts(&luis).await), (None, (0, 0, 0)));
    }
    let mut still = luis.get(&format!("/messages/{message}")).await.expect(200);
    let members = still.as_object_mut().expect("an object");
    assert_eq!((members.remove("to").is_some(), members.remove("recipient_count")), (true, Some(json!(2))));
    assert_eq!(Some(&still), before.as_ref(), "who has its id may read it all the same");
    assert!(luis.get("/inbox/summary").await.expect(200)["newest"].as_array().is_some_and(Vec::is_empty));
    assert_eq!(
        (counts(&eva).await, ana.all("/messages/sent").await.len()),
        ((1, 1, 1), 1),
        "it is gone for one only"
    );
    act(&luis, &message, "restore").await;
    assert_eq!((item(&luis, &message).await, counts(&luis).await), (before, (0, 1, 1)));
    world.stop().await;
}

#[tokio::test]
async fn read_all_reads_up_to_a_position_and_a_message_may_be_marked_unread_after_it() {
    let world = World::start().await;
    let (ana, luis) = (operator(&world, "Ana").await, operator(&world, "Luis").await);
    let mut at_ana = watch(&ana).await;
    let mut messages = Vec::new();
    for number in 0..5 {
        messages.push(send(&world, &ana, &[&luis], &format!("mensaje {number}")).await);
    }
    let up_to = item(&luis, &messages[3]).await.expect("the fourth")["position"].clone();
    luis.post("/inbox/read-all", &json!({"up_to": up_to})).await.expect(200);
    assert_eq!(counts(&luis).await, (1, 1, 5));
    for _ in 0..4 {
        assert_eq!(at_ana.next_of("receipt").await.data["kind"], "read");
    }
    act(&luis, &messages[1], "unread").await;
    assert_eq!(counts(&luis).await, (1, 2, 5));
    luis.post("/inbox/read-all", &json!({"up_to": up_to})).await.expect(200);
    let after = counts(&luis).await;
    assert_eq!(after, (1, 1, 5), "asked again after the mark, it reads that one too");
    let head = world.log().reader().head().await.expect("the head");
    assert_eq!(
        luis.post("/inbox/read-all", &json!({"up_to": head + 1_000})).await.refused(422),
        [("/up_to".into(), "past_the_head".into())]
    );
    world.stop().await;
}

/// Whatever is done in whatever order, every number that is told is the number of the rows.
/// More read-alls than are read at once stand between the message and the one that covers it.
#[tokio::test]
async fn a_read_all_counts_however_many_came_after_it() {
    let world = World::start().await;
    let (ana, luis) = (operator(&world, "Ana").await, operator(&world, "Luis").await);
    let message = send(&world, &ana, &[&luis], "leído hace mucho").await;
    let head = world.log().reader().head().await.expect("the head");
    luis.post("/inbox/read-all", &json!({"up_to": head})).await.expect(200);
    for _ in 0..20 {
        luis.post("/inbox/read-all", &json!({"up_to": 1})).await.expect(200);
    }
    assert_eq!(counts(&luis).await, (0, 0, 1));
    act(&luis, &message, "unread").await;
    assert_eq!(counts(&luis).await, (0, 1, 1));
    let later = send(&world, &ana, &[&luis], "nuevo").await;
    act(&luis, &later, "unread").await;
    assert_eq!(item(&luis, &later).await.expect("the message")["seen_at"], Value::Null, "nothing covers it");
    world.stop().await;
}

#[tokio::test]
async fn the_counts_are_always_those_of_the_list() {
    const ACTIONS: [&str; 6] = ["seen", "read", "unread", "acknowledge", "delete", "restore"];
    const STEPS: usize = 60;
    let world = World::start().await;
    let (ana, luis) = (operator(&world, "Ana").await, operator(&world, "Luis").await);
    let mut messages = Vec::new();
    let mut chance = 7_usize;
    let mut roll = |sides: usize| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % sides
    };
    for step in 0..STEPS {
        if messages.is_empty() || roll(5) == 0 {
            messages.push(send(&world, &ana, &[&luis], &format!("paso {step}")).await);
        } else if roll(9) == 0 {
            let head = world.log().reader().head().await.expect("the head");
            luis.post("/inbox/read-all", &json!({"up_to": head})).await.expect(200);
        } else {
            let (message, action) = (&messages[roll(messages.len())], ACTIONS[roll(ACTIONS.len())]);
            match action {
                "delete" => _ = luis.delete(&format!("/inbox/{message}")).await.expect(200),
                action => act(&luis, message, action).await,
            }
        }
        counts(&luis).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn the_pop_up_shows_the_ten_newest_unseen_and_costs_nothing_when_nothing_changed() {
    let world = World::start().await;
    let (ana, luis) = (operator(&world, "Ana").await, operator(&world, "Luis").await);
    let mut messages = Vec::new();
    for number in 0..12 {
        messages.push(send(&world, &ana, &[&luis], &format!("aviso {number}")).await);
    }
    act(&luis, &messages[11], "seen").await;
    let answer = luis.get("/inbox/summary").await;
    let tag = answer.header("etag").to_owned();
    let newest: Vec<String> =
        answer.expect(200)["newest"].as_array().expect("items").iter().map(id_of).collect();
    let expected: Vec<String> = messages[1..11].iter().rev().cloned().collect();
    assert_eq!(newest, expected);
    let again = luis.request(Method::GET, "/inbox/summary").header("If-None-Match", &tag);
    Answer::to(again).await.expect(304);
    act(&luis, &messages[0], "seen").await;
    let changed = luis.request(Method::GET, "/inbox/summary").header("If-None-Match", &tag);
    Answer::to(changed).await.expect(200);
    world.stop().await;
}

#[tokio::test]
async fn a_list_is_searched_without_accents_and_paged_without_a_gap() {
    let world = World::start().await;
    let (ana, luis, eva) =
        (operator(&world, "Ana").await, operator(&world, "Luis").await, operator(&world, "Eva").await);
    let mut sent = Vec::new();
    for number in 0..7 {
        sent.push(send(&world, &ana, &[&luis], &format!("Señal número {number}")).await);
    }
    send(&world, &eva, &[&luis], "otra cosa 100%_").await;
    let (mut pages, mut after) = (Vec::new(), String::new());
    loop {
        let page = luis.get(&format!("/inbox?limit=3&q=SENAL%20numero{after}")).await.expect(200);
        pages.extend(page["data"].as_array().expect("items").iter().map(id_of));
        assert_eq!(page["counts"]["total"], 8, "counts are of the whole inbox");
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert!(pages.iter().eq(sent.iter().rev()), "newest first, each once");
    assert_eq!(luis.all(&format!("/inbox?author={}", eva.user)).await.len(), 1);
    assert_eq!(luis.all("/inbox?q=100%25_").await.len(), 1);
    assert_eq!(luis.all("/inbox?q=%25").await.len(), 1, "a sign that SQL gives a meaning is only a sign");
    assert_eq!(luis.get("/users?q=ana").await.expect(200)["data"].as_array().map(Vec::len), Some(1));
    world.stop().await;
}

#[tokio::test]
async fn an_inbox_is_searched_by_text_or_author_whatever_the_accents() {
    let world = World::start().await;
    let (jose, ana, luis) = (
        operator(&world, "José Ñáñez Güell").await,
        operator(&world, "Ana María").await,
        operator(&world, "Luis").await,
    );
    let by_jose = send(&world, &jose, &[&luis], "Revisar el panel 4").await;
    let of_jose = send(&world, &ana, &[&luis], "Lo dijo Jóse Nañez").await;
    let by_ana = send(&world, &ana, &[&luis], "Turno de noche").await;
    send(&world, &jose, &[&ana], "En otro buzón").await;
    for (q, expected) in [
        ("nanez", vec![&of_jose, &by_jose]),
        ("JOS%C3%89%20%C3%91A%CC%81", vec![&of_jose, &by_jose]),
        ("nanez%20guell", vec![&by_jose]),
        ("ana%20maria", vec![&by_ana, &of_jose]),
        ("PANEL", vec![&by_jose]),
        ("_os", vec![]),
    ] {
        let found: Vec<String> = luis.all(&format!("/inbox?q={q}")).await.iter().map(id_of).collect();
        assert!(found.iter().eq(expected), "{q}: {found:?}");
    }
    let email = jose.get("/me").await.expect(200)["email"].as_str().expect("an address").to_owned();
    assert!(luis.all(&format!("/inbox?q={email}")).await.is_empty(), "addresses are not to be guessed");

    act(&luis, &by_jose, "read").await;
    let unread = luis.all("/inbox?state=unread&q=nanez").await;
    assert_eq!(unread.iter().map(id_of).collect::<Vec<_>>(), [of_jose]);
    world.stop().await;
}

/// It leaves every inbox; that somebody had read it stays true.
#[tokio::test]
async fn a_withdrawn_message_keeps_how_it_had_been_received() {
    let world = World::start().await;
    let ana = operator(&world, "Ana").await;
    let [eva, luis, nora] =
        [operator(&world, "Eva").await, operator(&world, "Luis").await, operator(&world, "Nora").await];
    let message = send(&world, &ana, &[&eva, &luis, &nora], "se va").await;
    act(&eva, &message, "acknowledge").await;
    act(&nora, &message, "read").await;
    act(&nora, &message, "unread").await;
    let head = world.log().reader().head().await.expect("the head");
    luis.post("/inbox/read-all", &json!({"up_to": head})).await.expect(200);
    world.caught_up().await;
    let receipts = format!("/messages/{message}/receipts");
    let before = ana.all(&receipts).await;
    let read = |client: &Client| {
        let row = before.iter().find(|row| row["user"]["id"] == client.user.to_string());
        row.is_some_and(|row| !row["read_at"].is_null())
    };
    assert_eq!((before.len(), read(&eva), read(&luis), read(&nora)), (3, true, true, false));

    ana.delete(&format!("/messages/{message}")).await.expect(200);
    world.caught_up().await;
    assert_eq!(item(&eva, &message).await, None);
    let head = world.log().reader().head().await.expect("the head");
    nora.post("/inbox/read-all", &json!({"up_to": head})).await.expect(200);
    world.caught_up().await;
    assert_eq!(ana.all(&receipts).await, before, "what came after changes nothing");
    let page = ana.get(&format!("{receipts}?limit=2")).await.expect(200);
    assert_eq!(page["data"], json!(before[..2]));
    let next = page["next"].as_str().expect("a next page");
    let last = ana.get(&format!("{receipts}?limit=2&after={next}")).await.expect(200);
    assert_eq!((&last["data"], &last["next"]), (&json!(before[2..]), &Value::Null));
    world.stop().await;
}
