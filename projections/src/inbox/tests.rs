//! What inboxes show and count, event by event.

use domain::Event;
use domain::inbox::InboxEvent;
use domain::message::{Addressed, MessageEvent};
use domain::receipt::{Receipt, ReceiptEvent, Receiver};
use domain::value::Priority;
use domain::{Personal, Position};

use super::fold::{Counted, Fold, Item, Left, ReadAll, Touched};
use crate::samples::{at, id, recorded};

const MESSAGE: u128 = 1;
const AUTHOR: u128 = 100;
const READER: u128 = 101;

fn sent(position: Position, message: u128, recipients: &[u128]) -> commands::log::Recorded {
    let event = MessageEvent::MessageSent {
        author: id(AUTHOR).into(),
        recipients: recipients.iter().map(|user| id(*user).into()).collect(),
        addressed: Addressed::default(),
        body: Personal::new(id(message), "Canción".to_owned()),
        priority: Priority::Normal,
        acknowledge: false,
        in_reply_to: None,
        sent_at: at(position),
    };
    recorded(position, id(message), Event::Message(event))
}

fn withdrawn(position: Position) -> commands::log::Recorded {
    let event = MessageEvent::MessageWithdrawn { withdrawn_at: at(position) };
    recorded(position, id(MESSAGE), Event::Message(event))
}

fn receipt(position: Position, event: impl Fn(Receiver) -> ReceiptEvent) -> commands::log::Recorded {
    let (message, user) = (id(MESSAGE).into(), id(READER).into());
    let event = event(Receiver { message, user, author: id(AUTHOR).into() });
    recorded(position, Receipt::stream(message, user), Event::Receipt(event))
}

fn unread(after_read_all: Option<Position>) -> impl Fn(Receiver) -> ReceiptEvent {
    move |receiver| ReceiptEvent::MessageMarkedUnread { receiver, after_read_all }
}

fn read_all(position: Position, up_to: Position) -> commands::log::Recorded {
    recorded(position, id(READER), Event::Inbox(InboxEvent::InboxRead { user: id(READER).into(), up_to }))
}

fn folded(events: &[commands::log::Recorded]) -> Fold {
    let mut fold = Fold::default();
    for event in events {
        fold.event(event);
    }
    fold
}

fn item(fold: &Fold) -> &Item {
    fold.items[&(id(READER), id(MESSAGE))].now.as_ref().expect("an item")
}

fn counts(fold: &Fold) -> (i64, i64, i64) {
    let sum = fold.items.iter().filter(|((user, _), _)| *user == id(READER)).fold(
        Counted::default(),
        |sum, (_, touched)| {
            let change = touched.change();
            Counted {
                unseen: sum.unseen + change.unseen,
                unread: sum.unread + change.unread,
                total: sum.total + change.total,
            }
        },
    );
    (sum.unseen, sum.unread, sum.total)
}

fn told(fold: &Fold) -> Vec<&'static str> {
    fold.log.iter().map(|logged| logged.kind).collect()
}

#[test]
fn a_message_comes_to_each_recipient_once_and_to_its_author_if_named() {
    let fold = folded(&[sent(1, MESSAGE, &[READER, READER, AUTHOR])]);
    assert_eq!(fold.items.len(), 2);
    assert_eq!(fold.sent[0].recipients, 2);
    assert_eq!(counts(&fold), (1, 1, 1));
}

#[test]
fn seen_read_and_acknowledged_are_apart_and_each_implies_the_one_before() {
    let seen = folded(&[sent(1, MESSAGE, &[READER]), receipt(2, ReceiptEvent::MessageSeen)]);
    assert_eq!(counts(&seen), (0, 1, 1));
    let acknowledged = folded(&[sent(1, MESSAGE, &[READER]), receipt(2, ReceiptEvent::MessageAcknowledged)]);
    let item = item(&acknowledged);
    assert_eq!((item.seen_at, item.read_at, item.acknowledged_at), (Some(at(2)), Some(at(2)), Some(at(2))));
    assert_eq!(counts(&acknowledged), (0, 0, 1));
}

#[test]
fn a_repeated_receipt_keeps_the_first_time_and_sends_no_update() {
    let fold = folded(&[
        sent(1, MESSAGE, &[READER]),
        receipt(2, ReceiptEvent::MessageRead),
        receipt(3, ReceiptEvent::MessageRead),
        receipt(4, ReceiptEvent::MessageSeen),
    ]);
    assert_eq!((item(&fold).seen_at, item(&fold).read_at), (Some(at(2)), Some(at(2))));
    assert_eq!(told(&fold), ["read"]);
    assert_eq!(fold.counted_at[&id(READER)], 2);
}

#[test]
fn unread_takes_back_the_reading_only() {
    let fold = folded(&[
        sent(1, MESSAGE, &[READER]),
        receipt(2, ReceiptEvent::MessageAcknowledged),
        receipt(3, unread(None)),
    ]);
    let item = item(&fold);
    assert_eq!((item.seen_at, item.read_at, item.acknowledged_at), (Some(at(2)), None, Some(at(2))));
    assert_eq!(counts(&fold), (0, 1, 1));
}

#[test]
fn a_deleted_item_is_not_counted_until_it_is_restored_and_its_author_gets_no_update() {
    let mut events = vec![sent(1, MESSAGE, &[READER]), receipt(2, ReceiptEvent::MessageDeleted)];
    assert_eq!(counts(&folded(&events)), (0, 0, 0));
    events.push(receipt(3, ReceiptEvent::MessageRestored));
    let fold = folded(&events);
    assert_eq!(counts(&fold), (1, 1, 1));
    assert!(told(&fold).is_empty());
}

#[test]
fn a_withdrawn_message_leaves_every_inbox_and_later_receipts_change_nothing() {
    let fold = folded(&[
        sent(1, MESSAGE, &[READER]),
        receipt(2, ReceiptEvent::MessageRead),
        withdrawn(3),
        receipt(4, ReceiptEvent::MessageDeleted),
    ]);
    assert_eq!(counts(&fold), (0, 0, 0));
    assert_eq!(fold.counted_at[&id(READER)], 3);
    assert!(told(&fold).is_empty());
    assert_eq!(fold.left, [Left { user: id(READER), message: id(MESSAGE), position: 3 }]);
}

#[test]
fn a_recipient_who_deleted_a_message_gets_no_update_of_its_withdrawal() {
    let events = [sent(1, MESSAGE, &[READER]), receipt(2, ReceiptEvent::MessageDeleted), withdrawn(3)];
    assert_eq!(folded(&events).left, []);
}

#[test]
fn a_withdrawal_subtracts_the_items_in_the_table() {
    let mut fold = folded(&[sent(1, MESSAGE, &[READER])]);
    for touched in fold.items.values_mut() {
        touched.before.clone_from(&touched.now);
    }
    fold.event(&withdrawn(2));
    assert_eq!(counts(&fold), (-1, -1, -1));
}

#[test]
fn a_read_all_reads_every_item_up_to_its_position_deleted_ones_too() {
    let fold = folded(&[
        sent(1, MESSAGE, &[READER]),
        sent(2, 2, &[READER]),
        sent(3, 3, &[READER]),
        receipt(4, ReceiptEvent::MessageDeleted),
        read_all(5, 2),
        receipt(6, ReceiptEvent::MessageRestored),
    ]);
    assert_eq!(item(&fold).read_at, Some(at(5)));
    assert_eq!(counts(&fold), (1, 1, 3));
}

#[test]
fn unread_after_a_read_all_is_unread_but_one_that_did_not_know_of_it_is_not() {
    let knowing = folded(&[sent(1, MESSAGE, &[READER]), read_all(2, 1), receipt(3, unread(Some(2)))]);
    assert_eq!(item(&knowing).read_at, None);
    let unknowing = folded(&[sent(1, MESSAGE, &[READER]), read_all(2, 1), receipt(3, unread(None))]);
    assert_eq!(item(&unknowing).read_at, Some(at(2)));
    let not_covered = folded(&[sent(1, MESSAGE, &[READER]), read_all(2, 0), receipt(3, unread(None))]);
    assert_eq!(item(&not_covered).read_at, None);
}

#[test]
fn read_alls_of_one_user_share_no_item() {
    let fold = folded(&[read_all(10, 5), read_all(11, 3), read_all(12, 8)]);
    let spans: Vec<_> = fold.spans.iter().map(|span| (span.from, span.up_to, span.position)).collect();
    assert_eq!(spans, [(0, 5, 10), (5, 8, 12)]);
    assert_eq!(fold.read_alls[&id(READER)], ReadAll { position: 12, up_to: 8 });
}

#[test]
fn an_item_that_does_not_change_changes_no_count() {
    let item = item(&folded(&[sent(1, MESSAGE, &[READER])])).clone();
    let touched = Touched { before: Some(item.clone()), now: Some(item) };
    assert_eq!(touched.change(), Counted::default());
}
