//! The rules of messages.

use super::*;
use crate::aggregate::{at, given, id};
use crate::value::{MessageBody, Priority};

fn order(recipients: usize) -> SendMessage {
    SendMessage {
        message: id(1),
        author: id(10),
        recipients: (0..recipients).map(|n| id(100 + n as u128)).collect(),
        addressed: Addressed::default(),
        body: MessageBody::try_new("Revisar el panel 4").unwrap(),
        priority: Priority::High,
        acknowledge: true,
        in_reply_to: Some(id(2)),
        at: at(1_000),
    }
}

fn sent() -> MessageEvent {
    MessageEvent::MessageSent {
        author: id(10),
        recipients: vec![id(100)],
        addressed: Addressed::default(),
        body: Personal::new(id(1), "Revisar el panel 4".to_owned()),
        priority: Priority::High,
        acknowledge: true,
        in_reply_to: Some(id(2)),
        sent_at: at(1_000),
    }
}

fn withdrawn() -> MessageEvent {
    MessageEvent::MessageWithdrawn { withdrawn_at: at(1_005) }
}

fn withdraw(by: u128, seconds: i64) -> MessageCommand {
    MessageCommand::Withdraw { by: id(by), at: at(seconds) }
}

#[test]
fn a_message_is_sent_with_its_body_under_its_own_key() {
    assert_eq!(given::<Message>([]).decide(MessageCommand::Send(order(1))), Ok(vec![sent()]));
}

#[test]
fn a_message_needs_a_recipient() {
    assert_eq!(given::<Message>([]).decide(MessageCommand::Send(order(0))), Err(MessageError::NoRecipients));
}

#[test]
fn a_message_goes_to_at_most_five_thousand_people() {
    assert!(given::<Message>([]).decide(MessageCommand::Send(order(RECIPIENTS_MAX))).is_ok());
    let refusal = MessageError::TooManyRecipients { found: RECIPIENTS_MAX + 1 };
    assert_eq!(given::<Message>([]).decide(MessageCommand::Send(order(RECIPIENTS_MAX + 1))), Err(refusal));
}

#[test]
fn a_message_is_sent_once() {
    assert_eq!(
        given::<Message>([sent()]).decide(MessageCommand::Send(order(1))),
        Err(MessageError::AlreadySent)
    );
}

#[test]
fn its_author_may_withdraw_a_message_for_ten_seconds() {
    let message = given::<Message>([sent()]);
    assert_eq!(
        message.decide(withdraw(10, 1_010)),
        Ok(vec![MessageEvent::MessageWithdrawn { withdrawn_at: at(1_010) }])
    );
    assert_eq!(message.decide(withdraw(10, 1_011)), Err(MessageError::TooLateToWithdraw));
}

#[test]
fn nobody_else_may_withdraw_a_message() {
    assert_eq!(given::<Message>([sent()]).decide(withdraw(100, 1_001)), Err(MessageError::NotTheAuthor));
    assert_eq!(
        given::<Message>([sent(), withdrawn()]).decide(withdraw(100, 1_001)),
        Err(MessageError::NotTheAuthor)
    );
}

#[test]
fn withdrawing_twice_is_not_an_error_however_late() {
    assert_eq!(given::<Message>([sent(), withdrawn()]).decide(withdraw(10, 9_999)), Ok(vec![]));
}

#[test]
fn a_message_that_was_never_sent_cannot_be_withdrawn() {
    assert_eq!(given::<Message>([]).decide(withdraw(10, 1_000)), Err(MessageError::Unknown));
}

#[test]
fn a_withdrawn_message_is_in_no_inbox_but_stays_its_authors() {
    let message = given::<Message>([sent()]);
    assert!(
        message.is_received_by(id(100)) && message.is_visible_to(id(10)) && !message.is_visible_to(id(11))
    );
    let message = given::<Message>([sent(), withdrawn()]);
    assert!(
        !message.is_received_by(id(100)) && !message.is_visible_to(id(100)) && message.is_visible_to(id(10))
    );
}
