//! The progress of a notification, as a user who watches it sees it.

use projections::queries::deliveries::ShownState;
use serde_json::Value;

use super::client::Client;

/// Watches a notification by its stream until it is completed, or cancelled with nothing in flight, and returns it as
/// `GET` shows it. Asserts at every event that the total is the sum of its parts. A notification cancelled while its
/// audience is resolved has nothing in flight before and after, but may have in between.
pub async fn finished(client: &Client, notification: &str) -> Value {
    let mut stream = client.stream(&format!("/notifications/{notification}/stream"), None).await;
    loop {
        stream.until("totals", |told| checked(told) && is_over(told)).await;
        let found = client.get(&format!("/notifications/{notification}")).await.expect(200);
        if checked(&found) && is_over(&found) {
            return found;
        }
    }
}

/// Whether nothing more will be sent in this state.
pub fn is_over(told: &Value) -> bool {
    let totals = &told["totals"];
    let waiting = ["pending", "sending", "deferred"].iter().any(|part| count(totals, part) > 0);
    let state = told["state"].as_str().unwrap_or_default();
    matches!(state, "completed" | "cancelled") && !waiting
}

/// Asserts that the total is the sum of its parts; it is 0 until the audience is known.
#[track_caller]
pub fn checked(told: &Value) -> bool {
    let totals = &told["totals"];
    let (total, sum) =
        (count(totals, "total"), ShownState::WORDS.iter().map(|part| count(totals, part)).sum::<i64>());
    let is_open = total == 0 && (told["state"] == "resolving" || told["state"] == "cancelled");
    assert!(is_open || total == sum, "the total is not the sum of its parts: {told}");
    true
}

/// One of the totals.
#[track_caller]
pub fn count(totals: &Value, part: &str) -> i64 {
    totals[part].as_i64().unwrap_or_else(|| panic!("{part} in {totals}"))
}
