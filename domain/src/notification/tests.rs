//! The rules of notifications.

use std::collections::BTreeMap;

use super::*;
use crate::aggregate::{at, given, id};
use crate::value::{Category, Channel, EmailBody, RecipientKind, SmsBody, Subject};

fn order(content: Content, expires_at: Option<i64>) -> NotificationCommand {
    NotificationCommand::Request(RequestNotification {
        notification: id(1),
        company: id(20),
        recipient_kind: RecipientKind::Holder,
        category: Category::Operational,
        content,
        expires_at: expires_at.map(at),
        author: id(10),
        at: at(1_000),
    })
}

fn sms() -> Content {
    Content::Sms { body: SmsBody::try_new("Alarma activada").unwrap() }
}

fn requested() -> NotificationEvent {
    expiring(None)
}

fn expiring(expires_at: Option<i64>) -> NotificationEvent {
    NotificationEvent::NotificationRequested {
        company: id(20),
        channel: Channel::Sms,
        recipient_kind: RecipientKind::Holder,
        category: Category::Operational,
        subject: None,
        body: Personal::new(id(1), "Alarma activada".to_owned()),
        expires_at: expires_at.map(at),
        author: id(10),
        requested_at: at(1_000),
    }
}

fn close(generation: u32) -> NotificationCommand {
    NotificationCommand::CloseAudience {
        generation,
        total: 3,
        excluded: BTreeMap::from([("no_phone".into(), 1)]),
    }
}

fn closed(generation: u32) -> NotificationEvent {
    NotificationEvent::AudienceClosed {
        generation,
        total: 3,
        excluded: BTreeMap::from([("no_phone".into(), 1)]),
    }
}

fn retry(flawless: Option<u32>) -> NotificationCommand {
    NotificationCommand::Retry { flawless, at: at(1_500) }
}

const fn cancel(finished: Option<u32>) -> NotificationCommand {
    NotificationCommand::Cancel { finished }
}

fn retried(generation: u32) -> NotificationEvent {
    NotificationEvent::NotificationRetried { generation }
}

#[test]
fn an_sms_is_requested_with_its_body_under_the_notifications_key() {
    assert_eq!(given::<Notification>([]).decide(order(sms(), None)), Ok(vec![requested()]));
}

#[test]
fn an_email_has_a_subject() {
    let content = Content::Email {
        subject: Subject::try_new("Corte programado").unwrap(),
        body: EmailBody::try_new("Mañana a las 8.").unwrap(),
    };
    let events = given::<Notification>([]).decide(order(content, Some(2_000))).unwrap();
    let [NotificationEvent::NotificationRequested { channel, subject, expires_at, .. }] = &events[..] else {
        panic!("one request, not {events:?}")
    };
    assert_eq!(*channel, Channel::Email);
    assert_eq!(subject, &Some(Personal::new(id(1), "Corte programado".to_owned())));
    assert_eq!(*expires_at, Some(at(2_000)));
}

#[test]
fn what_has_expired_is_not_requested() {
    assert_eq!(given::<Notification>([]).decide(order(sms(), Some(1_000))), Err(NotificationError::Expired));
}

#[test]
fn a_notification_is_requested_once() {
    let refusal = given::<Notification>([requested()]).decide(order(sms(), None));
    assert_eq!(refusal, Err(NotificationError::AlreadyRequested));
}

#[test]
fn an_audience_is_closed_once() {
    let notification = given::<Notification>([requested()]);
    assert_eq!(notification.open_generation(), Some(1));
    assert_eq!(notification.decide(close(1)), Ok(vec![closed(1)]));
    assert_eq!(notification.decide(close(2)), Err(NotificationError::AudienceNotOpen));
    let notification = given::<Notification>([requested(), closed(1)]);
    assert_eq!(notification.decide(close(1)), Err(NotificationError::AudienceNotOpen));
}

#[test]
fn cancelling_twice_is_not_an_error() {
    let notification = given::<Notification>([requested()]);
    assert_eq!(notification.decide(cancel(None)), Ok(vec![NotificationEvent::NotificationCancelled]));
    let notification = given::<Notification>([requested(), NotificationEvent::NotificationCancelled]);
    assert!(notification.cancelled);
    assert_eq!(notification.decide(cancel(None)), Ok(vec![]));
}

#[test]
fn what_has_finished_is_not_cancelled_so_that_it_can_still_be_retried() {
    let notification = given::<Notification>([requested(), closed(1)]);
    assert_eq!(notification.decide(cancel(Some(1))), Ok(vec![]));
    assert_eq!(notification.decide(retry(None)), Ok(vec![retried(2)]));
}

#[test]
fn a_generation_that_is_not_known_to_have_finished_is_cancelled() {
    let cancelled = Ok(vec![NotificationEvent::NotificationCancelled]);
    let retrying = given::<Notification>([requested(), closed(1), retried(2)]);
    let running = given::<Notification>([requested(), closed(1), retried(2), closed(2)]);
    for notification in [retrying, running] {
        for finished in [None, Some(1)] {
            assert_eq!(notification.decide(cancel(finished)), cancelled);
        }
    }
    let open = given::<Notification>([requested()]);
    assert_eq!(open.decide(cancel(Some(1))), cancelled);
}

#[test]
fn the_audience_of_a_cancelled_notification_can_still_be_closed() {
    let notification = given::<Notification>([requested(), NotificationEvent::NotificationCancelled]);
    assert_eq!(notification.decide(close(1)), Ok(vec![closed(1)]));
}

#[test]
fn a_retry_opens_a_new_generation_and_asking_twice_joins_it() {
    let notification = given::<Notification>([requested(), closed(1)]);
    assert_eq!(notification.decide(retry(None)), Ok(vec![retried(2)]));
    let notification = given::<Notification>([requested(), closed(1), retried(2)]);
    assert_eq!(notification.open_generation(), Some(2));
    assert_eq!(notification.decide(retry(None)), Ok(vec![]));
    let notification = given::<Notification>([requested(), closed(1), retried(2), closed(2)]);
    assert_eq!(notification.decide(retry(None)), Ok(vec![retried(3)]));
}

#[test]
fn a_retry_of_what_has_not_failed_changes_nothing_unless_that_is_old_knowledge() {
    let notification = given::<Notification>([requested(), closed(1), retried(2), closed(2)]);
    assert_eq!(notification.decide(retry(Some(2))), Ok(vec![]));
    assert_eq!(notification.decide(retry(Some(1))), Ok(vec![retried(3)]));
}

#[test]
fn what_has_expired_cannot_be_retried() {
    let notification = given::<Notification>([expiring(Some(1_500)), closed(1)]);
    assert_eq!(notification.decide(retry(None)), Err(NotificationError::PastExpiry));
    assert_eq!(notification.decide(retry(Some(1))), Ok(vec![]));
    let notification = given::<Notification>([expiring(Some(1_501)), closed(1)]);
    assert_eq!(notification.decide(retry(None)), Ok(vec![retried(2)]));
}

#[test]
fn a_cancelled_notification_cannot_be_retried() {
    let notification =
        given::<Notification>([requested(), closed(1), NotificationEvent::NotificationCancelled]);
    assert_eq!(notification.decide(retry(None)), Err(NotificationError::Cancelled));
}

#[test]
fn nothing_can_be_done_with_what_was_never_requested() {
    for command in [close(1), cancel(None), retry(None)] {
        assert_eq!(given::<Notification>([]).decide(command), Err(NotificationError::Unknown));
    }
}
