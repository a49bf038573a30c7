//! The rules of receipts.

use super::*;
use crate::Position;
use crate::aggregate::{given, id};

fn receiver() -> Receiver {
    Receiver { message: id(1), user: id(100), author: id(10) }
}

fn decide(receipt: &Receipt, action: ReceiptAction, read_all: Option<Position>) -> Vec<ReceiptEvent> {
    let received = Received { message: id(1), user: id(100), author: id(10), read_all };
    receipt.decide(ReceiptCommand { received, action }).unwrap()
}

fn seen() -> ReceiptEvent {
    ReceiptEvent::MessageSeen(receiver())
}

fn read() -> ReceiptEvent {
    ReceiptEvent::MessageRead(receiver())
}

fn unread(after_read_all: Option<Position>) -> ReceiptEvent {
    ReceiptEvent::MessageMarkedUnread { receiver: receiver(), after_read_all }
}

#[test]
fn seeing_reading_acknowledging_and_deleting_are_recorded_once() {
    for (action, events) in [
        (ReceiptAction::MarkSeen, vec![seen()]),
        (ReceiptAction::MarkRead, vec![read()]),
        (ReceiptAction::Acknowledge, vec![read(), ReceiptEvent::MessageAcknowledged(receiver())]),
        (ReceiptAction::Delete, vec![ReceiptEvent::MessageDeleted(receiver())]),
    ] {
        assert_eq!(decide(&given([]), action, None), events, "{action:?}");
        assert_eq!(decide(&given(events), action, None), [], "{action:?} again");
    }
}

#[test]
fn a_read_message_is_seen() {
    assert_eq!(decide(&given([read()]), ReceiptAction::MarkSeen, None), []);
    assert_eq!(decide(&given([]), ReceiptAction::MarkSeen, Some(9)), []);
}

#[test]
fn acknowledging_a_read_message_only_acknowledges() {
    let events = decide(&given([read()]), ReceiptAction::Acknowledge, None);
    assert_eq!(events, [ReceiptEvent::MessageAcknowledged(receiver())]);
}

#[test]
fn only_a_read_message_can_be_marked_unread() {
    assert_eq!(decide(&given([seen()]), ReceiptAction::MarkUnread, None), []);
    assert_eq!(decide(&given([read()]), ReceiptAction::MarkUnread, None), [unread(None)]);
    assert_eq!(decide(&given([read(), unread(None)]), ReceiptAction::MarkUnread, None), []);
    assert_eq!(decide(&given([read(), unread(None)]), ReceiptAction::MarkRead, None), [read()]);
}

#[test]
fn a_message_read_by_a_read_all_can_be_marked_unread_and_is_read_by_the_next_one() {
    assert_eq!(decide(&given([]), ReceiptAction::MarkUnread, Some(9)), [unread(Some(9))]);
    let receipt = given([unread(Some(9))]);
    assert_eq!(decide(&receipt, ReceiptAction::MarkUnread, Some(9)), []);
    assert_eq!(decide(&receipt, ReceiptAction::MarkUnread, Some(12)), [unread(Some(12))]);
}

#[test]
fn a_message_is_never_stuck_unread() {
    assert_eq!(decide(&given([unread(None)]), ReceiptAction::MarkRead, Some(9)), [read()]);
}

#[test]
fn a_deleted_message_can_be_restored_and_deleted_again() {
    let (deleted, restored) =
        (ReceiptEvent::MessageDeleted(receiver()), ReceiptEvent::MessageRestored(receiver()));
    assert_eq!(decide(&given([]), ReceiptAction::Restore, None), []);
    let bin = given([deleted.clone()]);
    assert_eq!(decide(&bin, ReceiptAction::Restore, None), std::slice::from_ref(&restored));
    assert_eq!(decide(&given([deleted.clone(), restored]), ReceiptAction::Delete, None), [deleted]);
}
