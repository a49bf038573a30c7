//! What waits for its reader, and to whom a message says that it went.

use domain::value::Role;
use serde_json::{Value, json};
use tests::{Client, World, id_of};

async fn write(world: &World, author: &Client, to: &[&Client], more: Value) -> String {
    let recipients: Vec<String> = to.iter().map(|client| client.user.to_string()).collect();
    let mut body = json!({"recipients": recipients, "body": "Revisar el panel"});
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    let sent = author.post_new("/messages", &body).await.expect(201);
    world.caught_up().await;
    id_of(&sent)
}

async fn pending(reader: &Client) -> Vec<Value> {
    reader.all("/inbox?state=pending").await.into_iter().map(|item| item["id"].clone()).collect()
}

async fn act(reader: &Client, message: &str, action: &str) {
    reader.post(&format!("/inbox/{message}/{action}"), &json!({})).await.expect(200);
}

#[tokio::test]
async fn a_message_waits_for_its_reader_until_it_is_acknowledged_or_when_only_urgent_read() {
    let world = World::start().await;
    let ana = world.user("Ana", &[Role::Operator], &[]).await;
    let luis = world.user("Luis", &[Role::Operator], &[]).await;
    write(&world, &ana, &[&luis], json!({})).await;
    let asking = write(&world, &ana, &[&luis], json!({"acknowledge": true})).await;
    let urgent = write(&world, &ana, &[&luis], json!({"priority": "high"})).await;
    assert_eq!(pending(&luis).await, [json!(urgent), json!(asking)]);

    act(&luis, &asking, "read").await;
    act(&luis, &urgent, "read").await;
    assert_eq!(pending(&luis).await, [json!(asking)], "reading is no acknowledgement");
    act(&luis, &asking, "acknowledge").await;
    assert!(pending(&luis).await.is_empty());
    act(&luis, &urgent, "unread").await;
    assert_eq!(pending(&luis).await, [json!(urgent)]);
    luis.delete(&format!("/inbox/{urgent}")).await.expect(200);
    assert!(pending(&luis).await.is_empty(), "a deleted message waits for nobody");
    world.stop().await;
}

#[tokio::test]
async fn a_message_says_to_whom_it_went_by_three_names_and_their_number() {
    let world = World::start().await;
    let ana = world.user("Ana", &[Role::Operator], &[]).await;
    let mut readers = Vec::new();
    for name in ["Luis", "Eva", "José", "Marta"] {
        readers.push(world.user(name, &[Role::Operator], &[]).await);
    }
    let message = write(&world, &ana, &readers.iter().collect::<Vec<_>>(), json!({})).await;
    // The first by their ids, which are of the time at which the users were made.
    let named = json!(["Luis", "Eva", "José"]);
    let names = |shown: &Value| -> Value {
        shown["to"].as_array().expect("a list").iter().map(|person| person["name"].clone()).collect()
    };

    let sent = ana.get("/messages/sent").await.expect(200)["data"][0].clone();
    assert_eq!((names(&sent), &sent["recipient_count"]), (named.clone(), &json!(4)));
    let received = readers[3].get(&format!("/messages/{message}")).await.expect(200);
    assert_eq!((names(&received), &received["recipient_count"]), (named, &json!(4)));
    assert_eq!(received["read_count"], Value::Null, "a recipient is not told who has read it");
    world.stop().await;
}
