//! The outcomes of a notification's deliveries in the log.

use commands::log::EventLog;
use domain::Event;
use domain::deliveries::{DELIVERIES, DeliveriesEvent, GroupOutcome, chunk_of_stream};
use domain::value::{DeliveryId, NotificationId, Ordinal};

/// Every recorded outcome with the delivery it is about, chunk by chunk in the order of the log.
pub async fn outcomes_of(log: &EventLog, notification: NotificationId) -> Vec<(DeliveryId, GroupOutcome)> {
    let mut outcomes = Vec::new();
    for (chunk, _, event) in events_of(log, notification).await {
        let DeliveriesEvent::OutcomesRecorded { outcomes: groups, .. } = event else { continue };
        for group in groups {
            let delivery =
                |member| DeliveryId::of(notification, Ordinal::of(chunk, member).expect("an ordinal"));
            outcomes.extend(group.members.iter().map(|member| (delivery(member), group.outcome.clone())));
        }
    }
    outcomes
}

/// The events of the deliveries of a notification, with their chunk and their sequence in its stream.
pub async fn events_of(log: &EventLog, notification: NotificationId) -> Vec<(u32, i64, DeliveriesEvent)> {
    let streams: Vec<String> = sqlx::query_scalar(
        "select distinct aggregate_id from events where aggregate_type = $1 and aggregate_id like $2 order by 1",
    )
    .bind(DELIVERIES)
    .bind(format!("{notification}:%"))
    .fetch_all(log.pool())
    .await
    .expect("the streams");
    let mut events = Vec::new();
    for stream in streams {
        let chunk = chunk_of_stream(&stream).expect("a stream of a chunk");
        let stored = log.reader().read_stream(DELIVERIES, &stream, 0, i64::MAX).await.expect("the stream");
        for recorded in log.reader().open_events(stored).await.expect("the events open") {
            if let Ok(Event::Deliveries(event)) = recorded.event {
                events.push((chunk, recorded.sequence, event));
            }
        }
    }
    events
}
