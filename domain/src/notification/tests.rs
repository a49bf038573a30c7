//! The rules of notifications.

use std::collections::BTreeMap;

use super::*;
use crate::aggregate::{at, given, id};
use crate::value::{Category, Channel, EmailBody, Locale, RecipientKind, SmsBody, Subject};

fn order(content: Content, expires_at: Option<i64>) -> NotificationCommand {
    NotificationCommand::Request(RequestNotification {
        notification: id(1),
        company: id(20),
        recipient_kind: RecipientKind::Holder,
        category: Category::Operational,
        content,
        template: None,
        only_to: None,
        filter: spanish(),
        expires_at: expires_at.map(at),
        author: id(10),
        at: at(1_000),
    })
}

fn sms() -> Content {
    Content::Sms { body: SmsBody::try_new("Alarma activada").unwrap(), options: cheap() }
}

fn cheap() -> SmsOptions {
    SmsOptions { transliterate: true, segments_max: Some(2) }
}

fn spanish() -> AudienceFilter {
    let clients = ClientList { ids: [id(30), id(31)].into(), unknown: 1 };
    AudienceFilter { locale: Some(Locale::SPANISH), time_zone: None, clients: Some(clients) }
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
        template: None,
        only_to: None,
        sms: Some(cheap()),
        filter: spanish(),
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

fn retry() -> NotificationCommand {
    NotificationCommand::Retry { at: at(1_500) }
}

#[test]
fn a_notification_freezes_its_template_under_its_own_key() {
    let NotificationCommand::Request(request) = order(sms(), None) else { panic!("a request") };
    let variables = BTreeMap::from([("monto".to_owned(), "5".to_owned())]);
    let (html, company_name) = (Some("<p>".to_owned()), "Vigía".to_owned());
    let template = FilledTemplate { id: id(5), version: 2, html, variables: variables.clone(), company_name };
    let request = RequestNotification { template: Some(Box::new(template)), ..request };
    let events = Notification::default().decide(NotificationCommand::Request(request)).unwrap();
    let [NotificationEvent::NotificationRequested { template: Some(frozen), .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((frozen.id, frozen.version, frozen.variables.key), (id(5), 2, id(1)));
    assert_eq!(frozen.variables.get(), Some(&variables));
    assert_eq!(frozen.html.as_ref().map(|html| html.key), Some(id(1)));
}

fn totals(failed: i64) -> Totals {
    Totals { accepted: 3 - failed, failed, ..Totals::default() }
}

fn complete(generation: u32) -> NotificationCommand {
    NotificationCommand::Complete { generation, totals: totals(0) }
}

fn completed(generation: u32, failed: i64) -> NotificationEvent {
    NotificationEvent::NotificationCompleted { generation, totals: totals(failed) }
}

fn retried(generation: u32) -> NotificationEvent {
    NotificationEvent::NotificationRetried { generation }
}

#[test]
fn an_sms_is_requested_for_its_clients_with_its_body_under_the_notifications_key() {
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
fn an_expired_notification_cannot_be_requested() {
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
    assert_eq!(
        notification.decide(NotificationCommand::Cancel),
        Ok(vec![NotificationEvent::NotificationCancelled])
    );
    let notification = given::<Notification>([requested(), NotificationEvent::NotificationCancelled]);
    assert_eq!(notification.state(), Some(NotificationState::Cancelled));
    assert_eq!(notification.decide(NotificationCommand::Cancel), Ok(vec![]));
}

#[test]
fn a_notification_is_resolved_then_runs_then_is_completed() {
    let mut history = vec![requested()];
    let mut states = vec![given::<Notification>(history.clone()).state()];
    for event in [closed(1), completed(1, 1), retried(2), closed(2), completed(2, 0)] {
        history.push(event);
        states.push(given::<Notification>(history.clone()).state());
    }
    let expected = ["resolving", "running", "completed", "resolving", "running", "completed"];
    assert!(states.iter().flatten().map(|state| state.as_str()).eq(expected), "{states:?}");
}

#[test]
fn only_a_running_last_generation_is_completed() {
    let running = given::<Notification>([requested(), closed(1)]);
    assert_eq!(running.decide(complete(1)), Ok(vec![completed(1, 0)]));
    assert_eq!(running.decide(complete(2)), Err(NotificationError::NothingToComplete));
    let others: [Vec<NotificationEvent>; 4] = [
        vec![requested()],
        vec![requested(), closed(1), completed(1, 0)],
        vec![requested(), closed(1), retried(2)],
        vec![requested(), closed(1), NotificationEvent::NotificationCancelled],
    ];
    for history in others {
        let refusal = given::<Notification>(history).decide(complete(1));
        assert_eq!(refusal, Err(NotificationError::NothingToComplete));
    }
}

#[test]
fn a_completed_notification_is_not_cancelled_so_that_it_can_still_be_retried() {
    let notification = given::<Notification>([requested(), closed(1), completed(1, 1)]);
    assert_eq!(notification.decide(NotificationCommand::Cancel), Ok(vec![]));
    assert_eq!(notification.decide(retry()), Ok(vec![retried(2)]));
}

#[test]
fn a_generation_that_is_not_completed_is_cancelled() {
    let first = || vec![requested(), closed(1), completed(1, 1), retried(2)];
    let running = [first(), vec![closed(2)]].concat();
    for history in [vec![requested()], first(), running] {
        let cancelled = Ok(vec![NotificationEvent::NotificationCancelled]);
        assert_eq!(given::<Notification>(history).decide(NotificationCommand::Cancel), cancelled);
    }
}

#[test]
fn the_audience_of_a_cancelled_notification_can_still_be_closed() {
    let notification = given::<Notification>([requested(), NotificationEvent::NotificationCancelled]);
    assert_eq!(notification.decide(close(1)), Ok(vec![closed(1)]));
    let notification =
        given::<Notification>([requested(), NotificationEvent::NotificationCancelled, closed(1)]);
    assert_eq!(notification.state(), Some(NotificationState::Cancelled));
}

#[test]
fn a_retry_opens_a_new_generation_and_asking_twice_joins_it() {
    let notification = given::<Notification>([requested(), closed(1)]);
    assert_eq!(notification.decide(retry()), Ok(vec![retried(2)]), "of those for whom it has failed by now");
    let notification = given::<Notification>([requested(), closed(1), retried(2)]);
    assert_eq!(notification.open_generation(), Some(2));
    assert_eq!(notification.decide(retry()), Ok(vec![]));
    let notification = given::<Notification>([requested(), closed(1), retried(2), closed(2)]);
    assert_eq!(notification.decide(retry()), Ok(vec![retried(3)]));
}

#[test]
fn a_retry_without_failures_changes_nothing() {
    let flawless = given::<Notification>([requested(), closed(1), completed(1, 0)]);
    assert_eq!(flawless.decide(retry()), Ok(vec![]));
    let mended = given::<Notification>([
        requested(),
        closed(1),
        completed(1, 1),
        retried(2),
        closed(2),
        completed(2, 0),
    ]);
    assert_eq!(mended.decide(retry()), Ok(vec![]));
}

#[test]
fn an_expired_notification_cannot_be_retried() {
    let expired = given::<Notification>([expiring(Some(1_500)), closed(1), completed(1, 1)]);
    assert_eq!(expired.decide(retry()), Err(NotificationError::PastExpiry));
    let flawless = given::<Notification>([expiring(Some(1_500)), closed(1), completed(1, 0)]);
    assert_eq!(flawless.decide(retry()), Ok(vec![]));
    let in_time = given::<Notification>([expiring(Some(1_501)), closed(1)]);
    assert_eq!(in_time.decide(retry()), Ok(vec![retried(2)]));
}

#[test]
fn a_cancelled_notification_cannot_be_retried() {
    let notification =
        given::<Notification>([requested(), closed(1), NotificationEvent::NotificationCancelled]);
    assert_eq!(notification.decide(retry()), Err(NotificationError::Cancelled));
}

#[test]
fn a_notification_that_was_never_requested_refuses_every_command() {
    for command in [close(1), complete(1), NotificationCommand::Cancel, retry()] {
        assert_eq!(given::<Notification>([]).decide(command), Err(NotificationError::Unknown));
    }
}
