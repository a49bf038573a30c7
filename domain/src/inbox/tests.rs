//! The rules of inboxes.

use super::*;
use crate::Position;
use crate::aggregate::{given, id};

fn read_all(up_to: Position, head: Position) -> InboxCommand {
    InboxCommand::ReadAll { user: id(100), up_to, head }
}

#[test]
fn reading_all_is_one_event_whatever_it_covers() {
    assert_eq!(
        given::<Inbox>([]).decide(read_all(7, 9)),
        Ok(vec![InboxEvent::InboxRead { user: id(100), up_to: 7 }])
    );
}

#[test]
fn a_read_all_beyond_the_head_is_refused() {
    assert_eq!(
        given::<Inbox>([]).decide(read_all(10, 9)),
        Err(InboxError::PastTheHead { up_to: 10, head: 9 })
    );
}

#[test]
fn reading_all_again_is_recorded_since_messages_may_have_been_marked_unread() {
    let inbox = given::<Inbox>([InboxEvent::InboxRead { user: id(100), up_to: 7 }]);
    assert!(!inbox.decide(read_all(7, 9)).unwrap().is_empty());
}

#[test]
fn a_read_all_covers_messages_at_its_position_or_before() {
    let read_all = InboxEvent::InboxRead { user: id(100), up_to: 7 };
    assert_eq!([6, 7, 8].map(|position| read_all.covers(position)), [true, true, false]);
}
