//! Tests of an inbox stream: no event between backlog and live events is lost, and none comes twice.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::DateTime;
use domain::Position;
use domain::value::{MessageId, UserId};
use projections::queries::Person;
use projections::queries::inbox::{
    Arrival, Counts, CountsNews, InboxItem, Missed, ReceiptNews, Room, Since, WithdrawalNews,
};
use uuid::Uuid;

use super::super::frame::Frame;
use super::hub::{HubTask, InboxHub, ROUND_COPIES_MAX, ROUND_RECEIPTS_MAX};
use super::source::InboxSource;
use super::stream::{MISSED_EVENTS_MAX, Reading};

/// A fake inbox. Every even position is a message to the reader, and every odd one two receipts of the reader's own
/// message. One in ten positions withdraws a message from the reader.
#[derive(Default)]
struct World(Mutex<State>);

#[derive(Default)]
struct State {
    position: Position,
    horizon: Position,
    /// How many positions are committed at each query while the backlog is read.
    meanwhile: Position,
    /// How many further receipts an odd position has.
    crowd: u128,
    /// How many messages fill a page by their size; none if messages are small.
    full_at: Option<usize>,
}

fn reader() -> UserId {
    Uuid::from_u128(1).into()
}

impl World {
    fn at(position: Position) -> Self {
        Self(Mutex::new(State { position, ..State::default() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn move_to(&self, position: Position) {
        self.state().position = position;
    }

    fn visible(&self, since: Since) -> impl Iterator<Item = Position> + use<> {
        let mut state = self.state();
        state.position += state.meanwhile;
        since.after + 1..=since.until.min(state.position)
    }
}

const fn is_withdrawal(position: Position) -> bool {
    position % 10 == 5
}

fn item(position: Position) -> InboxItem {
    InboxItem {
        id: Uuid::from_u128(position as u128),
        position,
        author: Person { id: Uuid::nil(), name: None },
        body: "Hola".into(),
        created_at: DateTime::UNIX_EPOCH,
        priority: "normal".into(),
        acknowledge: false,
        in_reply_to: None,
        seen_at: None,
        read_at: None,
        acknowledged_at: None,
    }
}

fn receipt(position: Position, number: u128) -> ReceiptNews {
    ReceiptNews {
        position,
        author_id: reader().into(),
        message_id: Uuid::from_u128(number),
        user_id: Uuid::from_u128(2),
        kind: "read".into(),
        at: DateTime::UNIX_EPOCH,
        read: 1,
        acknowledged: 0,
        recipients: 2,
    }
}

impl InboxSource for World {
    async fn position(&self) -> sqlx::Result<Position> {
        Ok(self.state().position)
    }

    async fn position_at(&self, _: Position) -> sqlx::Result<Position> {
        self.position().await
    }

    async fn head(&self) -> sqlx::Result<Position> {
        self.position().await
    }

    async fn horizon(&self) -> sqlx::Result<Position> {
        Ok(self.state().horizon)
    }

    async fn end_of(&self, since: Since, room: Room) -> sqlx::Result<Position> {
        let mut messages = (since.after + 1..=since.until).filter(|position| position % 2 == 0);
        Ok(messages.nth(room.messages.min(room.copies) as usize - 1).unwrap_or(since.until))
    }

    async fn arrivals(&self, users: &[UserId], since: Since, limit: i64) -> sqlx::Result<Vec<Arrival>> {
        let Missed { items, .. } = self.missed(reader(), since, limit as usize).await?;
        let sent = users.contains(&reader());
        Ok(items
            .into_iter()
            .filter(|_| sent)
            .map(|item| Arrival { user_id: reader().into(), item })
            .collect())
    }

    async fn missed(&self, _: UserId, since: Since, limit: usize) -> sqlx::Result<Missed> {
        let limit = self.state().full_at.map_or(limit, |full_at| limit.min(full_at));
        let mut messages = self.visible(since).filter(|position| position % 2 == 0);
        let items = messages.by_ref().map(item).take(limit).collect();
        Ok(Missed { items, more: messages.next().is_some() })
    }

    async fn receipts(
        &self,
        _: &[UserId],
        since: Since,
        after_row: Option<(MessageId, UserId)>,
        limit: i64,
    ) -> sqlx::Result<Vec<ReceiptNews>> {
        let State { position, crowd, .. } = *self.state();
        let odd = (since.after.max(1)..=since.until.min(position))
            .filter(|position| position % 2 == 1 && !is_withdrawal(*position));
        let all = odd.flat_map(|position| (1..=2 + crowd).map(move |number| receipt(position, number)));
        let last = (since.after, after_row.map_or(Uuid::max(), |(message, _)| message.uuid()));
        Ok(all.filter(|row| (row.position, row.message_id) > last).take(limit as usize).collect())
    }

    async fn withdrawals(
        &self,
        users: &[UserId],
        since: Since,
        limit: i64,
    ) -> sqlx::Result<Vec<WithdrawalNews>> {
        let until = since.until.min(self.state().position);
        let all = (since.after + 1..=until).filter(|position| is_withdrawal(*position));
        let events =
            |position| WithdrawalNews { position, user_id: reader().into(), message_id: Uuid::from_u128(1) };
        Ok(all.filter(|_| users.contains(&reader())).map(events).take(limit as usize).collect())
    }

    async fn counts(&self, _: UserId) -> sqlx::Result<Counts> {
        Ok(Counts { total: self.state().position, ..Counts::default() })
    }

    async fn changed_counts(&self, _: &[UserId], after: Position) -> sqlx::Result<Vec<CountsNews>> {
        let position = self.state().position;
        let counts = Counts { total: position, ..Counts::default() };
        let row = CountsNews { user_id: reader().into(), position, counts };
        Ok(Some(row).filter(|row| row.position > after).into_iter().collect())
    }
}

async fn hub_at(position: Position) -> (InboxHub<World>, HubTask<World>) {
    InboxHub::at_rest(World::at(position)).await.expect("a hub")
}

async fn begin(hub: &InboxHub<World>, last: Option<Position>) -> Reading<'_, World> {
    Reading::begin(hub, reader(), last).await.expect("a stream")
}

/// The events of the next frames, as `name:id`.
async fn next(reading: &mut Reading<'_, World>) -> Vec<String> {
    let frames = reading.next().await.expect("a page").expect("a subscription");
    frames.iter().flat_map(events).collect()
}

/// All events up to the counts of a position, those included.
async fn until_counts_of(reading: &mut Reading<'_, World>, position: Position) -> Vec<String> {
    let (mut all, end) = (Vec::new(), format!("counts:{position}"));
    while all.last() != Some(&end) {
        all.extend(next(reading).await);
    }
    all
}

fn events(frame: &Frame) -> Vec<String> {
    let text = String::from_utf8(frame.bytes.to_vec()).expect("text");
    let field = |event: &str, name: &str| {
        event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
    };
    text.split_terminator("\n\n")
        .map(|event| format!("{}:{}", field(event, "event:"), field(event, "id:")))
        .collect()
}

/// The events of these positions, without counts.
fn expected(positions: std::ops::RangeInclusive<Position>) -> Vec<String> {
    let of = |position: Position| match position % 2 {
        0 => vec![format!("message:{position}")],
        _ if is_withdrawal(position) => vec![format!("withdrawn:{position}")],
        _ => vec!["receipt:".to_owned(), format!("receipt:{position}")],
    };
    positions.flat_map(of).collect()
}

fn without_counts(events: Vec<String>) -> Vec<String> {
    events.into_iter().filter(|event| !event.starts_with("counts")).collect()
}

#[tokio::test]
async fn a_new_stream_sends_the_counts_and_then_only_new_events() {
    let (hub, mut rounds) = hub_at(10).await;
    let mut reading = begin(&hub, None).await;
    assert_eq!(next(&mut reading).await, ["counts:10"]);
    hub.source().move_to(12);
    rounds.publish_until(12).await.expect("a round");
    assert_eq!(
        until_counts_of(&mut reading, 12).await,
        ["receipt:", "receipt:11", "message:12", "counts:12"]
    );
}

#[tokio::test]
async fn a_resumed_stream_sends_every_position_once_in_order() {
    for (last, now, later) in [(0, 10, 10), (3, 10, 14), (10, 10, 13), (4, 900, 905)] {
        let (hub, mut rounds) = hub_at(now).await;
        let mut reading = begin(&hub, Some(last)).await;
        hub.source().move_to(later);
        rounds.publish_until(later).await.expect("a round");
        let sent = until_counts_of(&mut reading, later).await;
        assert_eq!(without_counts(sent), expected(last + 1..=later), "{last} {now} {later}");
    }
}

#[tokio::test]
async fn a_stream_that_resumes_goes_on_where_large_messages_ended_a_page() {
    let (hub, _rounds) = hub_at(31).await;
    hub.source().state().full_at = Some(3);
    let mut reading = begin(&hub, Some(0)).await;
    assert_eq!(without_counts(until_counts_of(&mut reading, 31).await), expected(1..=31));
}

#[tokio::test]
async fn a_round_ends_where_it_is_full() {
    let (_hub, rounds) = hub_at(0).await;
    let room = Room { messages: 3, copies: ROUND_COPIES_MAX, listeners: 1 };
    for (until, end) in [(1_000, 6), (5, 5), (3, 3)] {
        assert_eq!(rounds.end_of_round(until, room).await.expect("a position"), end, "{until}");
    }
}

#[tokio::test]
async fn more_receipts_than_a_round_sends_give_a_reset() {
    let (hub, mut rounds) = hub_at(0).await;
    hub.source().state().crowd = ROUND_RECEIPTS_MAX as u128;
    let mut author = begin(&hub, None).await;
    let mut other = Reading::begin(&hub, Uuid::from_u128(2).into(), None).await.expect("a stream");
    for reading in [&mut author, &mut other] {
        assert_eq!(next(reading).await, ["counts:0"]);
    }
    hub.source().move_to(1);
    rounds.publish_until(1).await.expect("a round");
    for reading in [&mut author, &mut other] {
        assert_eq!(next(reading).await, ["reset:1"]);
    }
}

#[tokio::test]
async fn events_committed_while_the_backlog_is_read_come_once() {
    let (hub, mut rounds) = hub_at(2_000).await;
    hub.source().state().meanwhile = 7;
    let mut reading = begin(&hub, Some(0)).await;
    let mut sent = Vec::new();
    for _ in 0..4 {
        sent.extend(next(&mut reading).await);
        let position = hub.source().state().position;
        rounds.publish_until(position).await.expect("a round");
    }
    hub.source().state().meanwhile = 0;
    let end = hub.source().state().position;
    rounds.publish_until(end).await.expect("a round");
    sent.extend(until_counts_of(&mut reading, end).await);
    assert_eq!(without_counts(sent), expected(1..=end));
}

#[tokio::test]
async fn a_hub_that_is_ahead_of_the_look_leaves_no_gap() {
    let (hub, mut rounds) = hub_at(10).await;
    hub.source().move_to(20);
    rounds.publish_until(20).await.expect("a round");
    // As when a rebuilt projection takes over a moment behind.
    hub.source().move_to(18);
    let mut reading = begin(&hub, Some(20)).await;
    assert_eq!(next(&mut reading).await, ["counts:20"]);
    hub.source().move_to(22);
    rounds.publish_until(22).await.expect("a round");
    assert_eq!(without_counts(until_counts_of(&mut reading, 22).await), expected(21..=22));
}

#[tokio::test]
async fn a_round_sent_before_the_subscription_is_read_from_the_database() {
    let (hub, mut rounds) = hub_at(10).await;
    hub.source().move_to(15);
    rounds.publish_until(15).await.expect("a round without anybody");
    let mut reading = begin(&hub, Some(9)).await;
    assert_eq!(without_counts(until_counts_of(&mut reading, 15).await), expected(10..=15));
}

#[tokio::test]
async fn an_id_that_is_too_old_or_ahead_of_the_log_gives_a_reset() {
    let (hub, mut rounds) = hub_at(10).await;
    hub.source().state().horizon = 5;
    for last in [4, 11] {
        let mut reading = begin(&hub, Some(last)).await;
        assert_eq!(
            (next(&mut reading).await, next(&mut reading).await),
            (vec!["reset:10".into()], vec!["counts:10".into()])
        );
    }
    let mut kept = begin(&hub, Some(5)).await;
    assert_eq!(without_counts(until_counts_of(&mut kept, 10).await), expected(6..=10));
    hub.source().move_to(12);
    rounds.publish_until(12).await.expect("a round");
    assert_eq!(without_counts(until_counts_of(&mut kept, 12).await), expected(11..=12));
}

#[tokio::test]
async fn too_many_missed_events_give_a_reset() {
    let now = MISSED_EVENTS_MAX as Position;
    let (hub, _rounds) = hub_at(now).await;
    let mut reading = begin(&hub, Some(0)).await;
    let sent = until_counts_of(&mut reading, now).await;
    assert_eq!(sent[sent.len() - 2..], [format!("reset:{now}"), format!("counts:{now}")]);
    assert!(sent.len() <= MISSED_EVENTS_MAX + 2);
}
