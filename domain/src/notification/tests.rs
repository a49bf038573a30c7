//! The rules of notifications.

use std::collections::BTreeMap;

use super::*;
use crate::aggregate::{at, given, id};
use crate::company::{Amount, Limit, Purse, Taken};
use crate::value::{Category, Channel, EmailBody, Locale, RecipientKind, SmsBody, StatedReason, Subject};

fn order(content: Content, expires_at: Option<i64>) -> NotificationCommand {
    NotificationCommand::Request(RequestNotification { expires_at: expires_at.map(at), ..asked(content) })
}

fn asked(content: Content) -> RequestNotification {
    RequestNotification {
        notification: id(1),
        company: id(20),
        recipient_kind: RecipientKind::Holder,
        category: Category::Operational,
        content,
        template: None,
        only_to: None,
        filter: spanish(),
        expires_at: None,
        schedule_at: None,
        hold_seconds: 0,
        people: 0,
        approval_above: None,
        excludes_foreign: false,
        asks: None,
        author: id(10),
        at: at(1_000),
    }
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
        send_at: None,
        held_until: None,
        needs_approval: None,
        excludes_foreign: false,
        author: id(10),
        requested_at: at(1_000),
    }
}

const NEED: ApprovalNeed = ApprovalNeed { people: 20, above: 10 };

fn expires_too_early(expires: i64, begins: i64) -> NotificationError {
    NotificationError::Expired(Times { expires_at: at(expires), begins_at: at(begins) })
}

fn scheduled(send_at: i64) -> NotificationEvent {
    with(Some(send_at), false, None)
}

fn up_for_approval() -> NotificationEvent {
    with(None, true, Some(5_000))
}

fn with(send: Option<i64>, approval: bool, expiry: Option<i64>) -> NotificationEvent {
    let mut event = requested();
    if let NotificationEvent::NotificationRequested { send_at, needs_approval, expires_at, .. } = &mut event {
        (*send_at, *expires_at) = (send.map(at), expiry.map(at));
        *needs_approval = approval.then_some(NEED);
    }
    event
}

fn begun_in(second: i64) -> NotificationEvent {
    NotificationEvent::NotificationBegun { begun_at: at(second) }
}

fn begun() -> NotificationEvent {
    begun_in(3_000)
}

fn paused() -> NotificationEvent {
    NotificationEvent::NotificationPaused
}

fn cancelled() -> NotificationEvent {
    NotificationEvent::NotificationCancelled
}

fn approve(by: u128) -> NotificationCommand {
    NotificationCommand::Approve { by: id(by), at: at(2_000) }
}

fn approved(by: u128) -> NotificationEvent {
    NotificationEvent::NotificationApproved { by: id(by) }
}

fn reject(by: u128) -> NotificationCommand {
    let reason = StatedReason::try_new("Es la lista vieja").unwrap();
    NotificationCommand::Reject { notification: id(1), by: id(by), reason }
}

fn rejected(by: u128) -> NotificationEvent {
    let reason = Personal::new(id(1), "Es la lista vieja".to_owned());
    NotificationEvent::NotificationRejected { by: id(by), reason }
}

fn reschedule(schedule_at: i64) -> NotificationCommand {
    NotificationCommand::Reschedule { schedule_at: at(schedule_at), at: at(2_000) }
}

fn begin(second: i64) -> NotificationCommand {
    begin_to(second, 0, None)
}

/// Its time has come, and so many people are reached.
fn begin_to(second: i64, people: u64, approval_above: Option<u64>) -> NotificationCommand {
    NotificationCommand::Begin(BeginNotification { at: at(second), people, approval_above, asks: None })
}

fn decided(
    history: impl IntoIterator<Item = NotificationEvent>,
    command: NotificationCommand,
) -> Result<Vec<NotificationEvent>, NotificationError> {
    given::<Notification>(history).decide(command)
}

fn state(history: impl IntoIterator<Item = NotificationEvent>) -> &'static str {
    given::<Notification>(history).state().unwrap().as_str()
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
    NotificationCommand::Retry { at: at(1_500), changed: Totals::default() }
}

#[test]
fn a_notification_freezes_its_template_under_its_own_key() {
    let NotificationCommand::Request(request) = order(sms(), None) else { panic!("a request") };
    let variables = BTreeMap::from([("monto".to_owned(), "5".to_owned())]);
    let (html, company_name) = (Some("<p>".to_owned()), "Vigía".to_owned());
    let company_logo = Some("https://vigia.example/logo.png".to_owned());
    let template = FilledTemplate {
        id: id(5),
        version: 2,
        html,
        variables: variables.clone(),
        company_name,
        company_logo,
    };
    let request = RequestNotification { template: Some(Box::new(template)), ..request };
    let events = Notification::default().decide(NotificationCommand::Request(request)).unwrap();
    let [NotificationEvent::NotificationRequested { template: Some(frozen), .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((frozen.id, frozen.version, frozen.variables.key), (id(5), 2, id(1)));
    assert_eq!(frozen.variables.get(), Some(&variables));
    assert_eq!(frozen.html.as_ref().map(|html| html.key), Some(id(1)));
}

#[test]
fn a_notification_begins_with_its_request_or_with_the_event_that_says_so() {
    let when = |events: &[NotificationEvent]| begun_at(events);
    assert_eq!(when(&[requested()]), Some(at(1_000)));
    assert_eq!(when(&[scheduled(3_000)]), None);
    assert_eq!(when(&[up_for_approval()]), None);
    assert_eq!(when(&[scheduled(3_000), begun_in(3_001), paused()]), Some(at(3_001)));
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
    assert_eq!(
        given::<Notification>([]).decide(order(sms(), Some(1_000))),
        Err(expires_too_early(1_000, 1_000))
    );
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
fn deliveries_are_sent_again_in_a_generation_that_adds_nobody() {
    let again = || NotificationCommand::RetryDeliveries { at: at(2_000), people: 2, reason: None };
    let retried_by_name =
        |generation| NotificationEvent::DeliveriesRetried { generation, people: 2, reason: None };
    let completed_once = || vec![requested(), closed(1), completed(1, 1)];
    let notification = given::<Notification>(completed_once());
    assert_eq!(notification.decide(again()), Ok(vec![retried_by_name(2)]));
    let notification = given::<Notification>(completed_once().into_iter().chain([retried_by_name(2)]));
    assert_eq!(notification.state(), Some(NotificationState::Running));
    assert_eq!((notification.generation(), notification.open_generation()), (2, None));
    let complete = NotificationCommand::Complete { generation: 2, totals: Totals::default() };
    assert!(notification.decide(complete).is_ok());
    let paused = given::<Notification>([requested(), closed(1), paused(), retried_by_name(2)]);
    assert!(paused.is_paused());
    let resolving = given::<Notification>([requested(), retried_by_name(2)]);
    assert_eq!((resolving.generation(), resolving.open_generation()), (2, Some(1)));
}

#[test]
fn deliveries_are_not_sent_again_after_the_end_of_their_notification() {
    let refusal = |history: Vec<NotificationEvent>| {
        let command = NotificationCommand::RetryDeliveries { at: at(6_000), people: 1, reason: None };
        given::<Notification>(history).decide(command)
    };
    assert_eq!(refusal(vec![requested(), closed(1), cancelled()]), Err(NotificationError::Cancelled));
    assert_eq!(refusal(vec![expiring(Some(5_000)), closed(1)]), Err(NotificationError::PastExpiry));
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

/// The doubts may have ended as failures after the completion. A generation that reopens nobody is completed at once.
#[test]
fn a_notification_that_was_completed_with_doubts_can_be_retried() {
    let doubtful = Totals { accepted: 2, in_doubt: 1, ..Totals::default() };
    let doubted = |generation| NotificationEvent::NotificationCompleted { generation, totals: doubtful };
    let mut history = vec![requested(), closed(1), doubted(1)];
    assert_eq!(given::<Notification>(history.clone()).decide(retry()), Ok(vec![retried(2)]));
    history.extend([retried(2), closed(2), doubted(2)]);
    assert_eq!(given::<Notification>(history.clone()).decide(retry()), Ok(vec![retried(3)]));
    history.extend([retried(3), closed(3), completed(3, 0)]);
    assert_eq!(given::<Notification>(history).decide(retry()), Ok(vec![]), "no doubt is left");
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
    let others = [NotificationCommand::Pause, NotificationCommand::Resume, begin(1), approve(1), reject(1)];
    let commands = [close(1), complete(1), NotificationCommand::Cancel, retry(), reschedule(3_000)];
    for command in commands.into_iter().chain(others) {
        assert_eq!(given::<Notification>([]).decide(command), Err(NotificationError::Unknown));
    }
}

fn sent_at(request: RequestNotification) -> Result<Option<DateTime<Utc>>, NotificationError> {
    match given::<Notification>([]).decide(NotificationCommand::Request(request))?.as_slice() {
        [NotificationEvent::NotificationRequested { send_at, .. }] => Ok(*send_at),
        other => panic!("one request, not {other:?}"),
    }
}

#[test]
fn a_notification_begins_at_the_later_of_its_schedule_and_the_end_of_its_undo_window() {
    let with = |schedule: Option<i64>, hold_seconds| RequestNotification {
        schedule_at: schedule.map(at),
        hold_seconds,
        ..asked(sms())
    };
    assert_eq!(sent_at(with(None, 0)), Ok(None), "at once");
    assert_eq!(sent_at(with(None, 30)), Ok(Some(at(1_030))));
    assert_eq!(sent_at(with(Some(1_010), 30)), Ok(Some(at(1_030))));
    assert_eq!(sent_at(with(Some(1_040), 30)), Ok(Some(at(1_040))));
    assert_eq!(sent_at(with(None, 600)), Ok(Some(at(1_600))));
    assert_eq!(sent_at(with(None, 601)), Err(NotificationError::HoldTooLong));
}

#[test]
fn a_schedule_is_after_now_within_a_year_and_before_the_expiry() {
    let with = |schedule: i64, expires: Option<i64>| RequestNotification {
        schedule_at: Some(at(schedule)),
        expires_at: expires.map(at),
        ..asked(sms())
    };
    let last = 1_000 + SCHEDULE_DAYS_MAX * 86_400;
    assert_eq!(sent_at(with(1_000, None)), Err(NotificationError::ScheduledInThePast));
    assert_eq!(sent_at(with(last, None)), Ok(Some(at(last))));
    assert_eq!(sent_at(with(last + 1, None)), Err(NotificationError::ScheduledTooFar));
    assert_eq!(sent_at(with(2_000, Some(2_000))), Err(expires_too_early(2_000, 2_000)));
    assert_eq!(sent_at(with(2_000, Some(2_001))), Ok(Some(at(2_000))));
}

#[test]
fn a_scheduled_notification_begins_once_and_not_before_its_time() {
    assert_eq!(state([scheduled(3_000)]), "scheduled");
    assert_eq!(given::<Notification>([scheduled(3_000)]).open_generation(), None);
    assert_eq!(decided([scheduled(3_000)], begin(2_999)), Err(NotificationError::NotDue));
    assert_eq!(decided([scheduled(3_000)], begin(3_000)), Ok(vec![begun()]));
    assert_eq!(state([scheduled(3_000), begun()]), "resolving");
    assert_eq!(decided([scheduled(3_000), begun()], begin(3_000)), Err(NotificationError::AlreadyBegun));
    assert_eq!(decided([requested()], begin(3_000)), Err(NotificationError::AlreadyBegun));
    assert_eq!(given::<Notification>([scheduled(3_000), begun()]).open_generation(), Some(1));
}

#[test]
fn an_audience_is_not_closed_before_the_notification_has_begun() {
    for history in [vec![scheduled(3_000)], vec![up_for_approval()], vec![scheduled(3_000), cancelled()]] {
        assert_eq!(decided(history, close(1)), Err(NotificationError::AudienceNotOpen));
    }
}

#[test]
fn what_has_not_begun_can_be_moved_to_another_time() {
    let moved = |second| NotificationEvent::NotificationRescheduled { send_at: at(second) };
    assert_eq!(decided([scheduled(3_000)], reschedule(4_000)), Ok(vec![moved(4_000)]));
    assert_eq!(decided([scheduled(3_000)], reschedule(3_000)), Ok(vec![]), "it is there already");
    assert_eq!(decided([up_for_approval()], reschedule(4_000)), Ok(vec![moved(4_000)]));
    assert_eq!(decided([scheduled(3_000)], reschedule(2_000)), Err(NotificationError::ScheduledInThePast));
    let too_late = decided([with(Some(3_000), false, Some(5_000))], reschedule(5_000));
    let times = Times { expires_at: at(5_000), begins_at: at(5_000) };
    assert_eq!(too_late, Err(NotificationError::ExpiresBefore(times)));
    for history in
        [vec![requested()], vec![scheduled(3_000), begun()], vec![requested(), closed(1), completed(1, 0)]]
    {
        assert_eq!(decided(history, reschedule(4_000)), Err(NotificationError::AlreadyBegun));
    }
    assert_eq!(
        decided([scheduled(3_000), cancelled()], reschedule(4_000)),
        Err(NotificationError::Cancelled)
    );
    assert_eq!(decided([scheduled(3_000), moved(4_000)], begin(3_500)), Err(NotificationError::NotDue));
}

#[test]
fn more_people_than_the_limit_need_an_approval() {
    let needs = |people, approval_above| {
        let request = RequestNotification { people, approval_above, ..asked(sms()) };
        let events = given::<Notification>([]).decide(NotificationCommand::Request(request)).unwrap();
        match events[..] {
            [NotificationEvent::NotificationRequested { needs_approval, .. }] => needs_approval,
            _ => panic!("one request, not {events:?}"),
        }
    };
    assert_eq!(needs(501, Some(500)), Some(ApprovalNeed { people: 501, above: 500 }));
    assert_eq!(needs(1, Some(0)), Some(ApprovalNeed { people: 1, above: 0 }));
    assert_eq!((needs(500, Some(500)), needs(501, None)), (None, None));
}

#[test]
fn another_person_than_the_author_approves() {
    assert_eq!(state([up_for_approval()]), "awaiting_approval");
    assert_eq!(decided([up_for_approval()], approve(10)), Err(NotificationError::OwnApproval));
    assert_eq!(decided([up_for_approval()], approve(11)), Ok(vec![approved(11)]));
    let given_its_yes = || [up_for_approval(), approved(11)];
    assert_eq!(given::<Notification>(given_its_yes()).approval(), Some(Approval::Approved(id(11))));
    assert_eq!(decided(given_its_yes(), approve(12)), Ok(vec![]));
    assert_eq!(decided(given_its_yes(), reject(12)), Err(NotificationError::NotAwaitingApproval));
    assert_eq!(decided(given_its_yes(), begin(1_000)), Ok(vec![begun_in(1_000)]), "it was to begin at once");
    assert_eq!(decided([up_for_approval()], begin(4_999)), Err(NotificationError::NotDue));
}

#[test]
fn another_time_to_begin_does_not_cut_the_undo_window_short() {
    let held = || {
        let mut event = scheduled(2_030);
        if let NotificationEvent::NotificationRequested { held_until, .. } = &mut event {
            *held_until = Some(at(2_030));
        }
        event
    };
    let moved = |second| NotificationEvent::NotificationRescheduled { send_at: at(second) };
    assert_eq!(decided([held()], reschedule(2_010)), Ok(vec![]));
    assert_eq!(decided([held()], reschedule(3_000)), Ok(vec![moved(3_000)]));
    assert_eq!(decided([held(), moved(3_000)], reschedule(2_010)), Ok(vec![moved(2_030)]));
}

#[test]
fn what_is_approved_before_its_time_waits_for_it() {
    let history = || [with(Some(3_000), true, None), approved(11)];
    assert_eq!(state(history()), "scheduled");
    assert_eq!(decided(history(), begin(2_999)), Err(NotificationError::NotDue));
    assert_eq!(decided(history(), begin(3_000)), Ok(vec![begun()]));
}

#[test]
fn what_reaches_more_people_than_the_limit_when_its_time_has_come_waits_for_an_approval() {
    let required =
        |people| NotificationEvent::NotificationApprovalRequired { need: ApprovalNeed { people, above: 10 } };
    let history = || vec![scheduled(3_000)];
    assert_eq!(decided(history(), begin_to(3_000, 10, Some(10))), Ok(vec![begun()]));
    assert_eq!(decided(history(), begin_to(3_000, 11, None)), Ok(vec![begun()]));
    assert_eq!(decided(history(), begin_to(3_000, 11, Some(10))), Ok(vec![required(11)]));
    let waits = || [history(), vec![required(11)]].concat();
    assert_eq!(state(waits()), "awaiting_approval");
    assert_eq!(decided(waits(), begin_to(3_000, 5, Some(10))), Err(NotificationError::NotDue));
    assert_eq!(decided(waits(), approve(10)), Err(NotificationError::OwnApproval));
    let approved = || [waits(), vec![approved(11)]].concat();
    assert_eq!(decided(approved(), begin_to(3_000, 12, Some(10))), Ok(vec![begun()]), "a tenth more");
    assert_eq!(decided(approved(), begin_to(3_000, 13, Some(10))), Ok(vec![required(13)]));
    assert_eq!(
        decided(approved(), begin_to(3_000, 13, Some(13))),
        Ok(vec![begun()]),
        "the limit is higher by now"
    );
}

#[test]
fn an_approval_holds_for_a_tenth_more_people_than_it_was_given_for() {
    let approved = || [up_for_approval(), approved(11)];
    assert_eq!(decided(approved(), begin_to(3_000, 22, Some(10))), Ok(vec![begun()]));
    let need = ApprovalNeed { people: 23, above: 10 };
    let required = NotificationEvent::NotificationApprovalRequired { need };
    assert_eq!(decided(approved(), begin_to(3_000, 23, Some(10))), Ok(vec![required.clone()]));
    let again = || vec![up_for_approval(), self::approved(11), required.clone()];
    assert_eq!(given::<Notification>(again()).approval(), Some(Approval::Awaiting));
    assert_eq!(given::<Notification>(again()).approval_need(), Some(need));
    assert_eq!(decided(again(), reject(11)), Ok(vec![rejected(11)]));
    assert_eq!(decided(again(), NotificationCommand::Pause), Err(NotificationError::AwaitingApproval));
}

#[test]
fn an_expired_notification_is_not_approved() {
    let late = NotificationCommand::Approve { by: id(11), at: at(5_000) };
    assert_eq!(decided([up_for_approval()], late), Err(NotificationError::PastExpiry));
}

#[test]
fn what_waits_past_its_expiry_ends_without_having_begun() {
    let expired = || NotificationEvent::NotificationExpired;
    let held_up = || [with(Some(3_000), false, Some(5_000)), paused()];
    for history in [vec![up_for_approval()], held_up().into()] {
        assert_eq!(decided(history.clone(), begin(4_999)), Err(NotificationError::NotDue));
        assert_eq!(decided(history, begin(5_000)), Ok(vec![expired()]));
    }
    let begun_before = [with(Some(3_000), false, Some(5_000)), begun(), paused()];
    assert_eq!(decided(begun_before, begin(5_000)), Err(NotificationError::AlreadyBegun));
    let history = || [up_for_approval(), expired()];
    assert_eq!(state(history()), "cancelled");
    assert_eq!(given::<Notification>(history()).beginning().due_at(), None);
    for late in [approve(11), reject(11), reschedule(9_000), NotificationCommand::Resume] {
        assert_eq!(decided(history(), late), Err(NotificationError::PastExpiry));
    }
    assert_eq!(decided(history(), NotificationCommand::Cancel), Ok(vec![]));
}

#[test]
fn a_rejected_notification_is_cancelled_for_a_reason() {
    assert_eq!(decided([up_for_approval()], reject(10)), Err(NotificationError::OwnApproval));
    assert_eq!(decided([up_for_approval()], reject(11)), Ok(vec![rejected(11)]));
    let history = || [up_for_approval(), rejected(11)];
    assert_eq!(state(history()), "cancelled");
    assert_eq!(decided(history(), reject(11)), Ok(vec![]));
    let withdrawn = [up_for_approval(), cancelled()];
    assert_eq!(decided(withdrawn, reject(11)), Err(NotificationError::Cancelled), "the reason would be lost");
    assert_eq!(decided(history(), approve(12)), Err(NotificationError::Cancelled));
    assert_eq!(decided(history(), begin(9_000)), Err(NotificationError::NotDue));
}

#[test]
fn of_an_approval_and_a_cancellation_the_first_counts_and_the_cancellation_can_come_after() {
    assert_eq!(decided([up_for_approval(), cancelled()], approve(11)), Err(NotificationError::Cancelled));
    let approved_first = [up_for_approval(), approved(11)];
    assert_eq!(decided(approved_first, NotificationCommand::Cancel), Ok(vec![cancelled()]));
}

#[test]
fn what_is_not_over_is_paused_and_resumed() {
    for history in [vec![requested()], vec![requested(), closed(1)], vec![scheduled(3_000)]] {
        assert_eq!(decided(history.clone(), NotificationCommand::Pause), Ok(vec![paused()]));
        assert_eq!(decided(history.clone(), NotificationCommand::Resume), Ok(vec![]));
        let before = state(history.clone());
        let halted = [history, vec![paused()]].concat();
        assert_eq!(state(halted.clone()), "paused");
        assert_eq!(decided(halted.clone(), NotificationCommand::Pause), Ok(vec![]));
        let resumed = NotificationEvent::NotificationResumed;
        assert_eq!(decided(halted.clone(), NotificationCommand::Resume), Ok(vec![resumed.clone()]));
        assert_eq!(state([halted, vec![resumed]].concat()), before);
    }
    let refused = decided([up_for_approval()], NotificationCommand::Pause);
    assert_eq!(refused, Err(NotificationError::AwaitingApproval));
}

#[test]
fn what_is_paused_does_not_begin_and_its_audience_is_resolved_all_the_same() {
    assert_eq!(decided([scheduled(3_000), paused()], begin(9_000)), Err(NotificationError::NotDue));
    assert_eq!(decided([requested(), paused()], close(1)), Ok(vec![closed(1)]));
    let resolved = || [requested(), paused(), closed(1)];
    assert_eq!(state(resolved()), "paused");
    assert_eq!(decided(resolved(), complete(1)), Ok(vec![completed(1, 0)]), "the last were being sent");
    assert_eq!(decided(resolved(), retry()), Ok(vec![retried(2)]));
}

#[test]
fn what_is_over_is_not_paused_any_more() {
    for end in [cancelled(), completed(1, 0)] {
        let history = || [requested(), closed(1), paused(), end.clone()];
        assert!(!given::<Notification>(history()).is_paused());
        assert_eq!(decided(history(), NotificationCommand::Pause), Ok(vec![]));
    }
    let resumed = decided([requested(), paused(), cancelled()], NotificationCommand::Resume);
    assert_eq!(resumed, Err(NotificationError::Cancelled));
    let again = [requested(), closed(1), paused(), completed(1, 1), retried(2)];
    assert_eq!(state(again), "resolving");
}

/// An SMS to so many people of a company that has sent 8 of 10 today.
fn asks(people: u64) -> Option<Asks> {
    let of = |messages| Amount { messages, segments: messages, foreign: 0 };
    let limits = [(Limit::SmsPerDay, 10)].into_iter().collect();
    Some(Asks { amount: of(people), purse: Purse { limits, taken: Taken { day: of(8), month: of(8) } } })
}

fn over() -> OverLimit {
    OverLimit { limit: Limit::SmsPerDay, max: 10, taken: 8, asked: 3 }
}

#[test]
fn a_notification_that_would_pass_a_limit_is_refused() {
    let decided = |people| {
        let request = RequestNotification { asks: asks(people), ..asked(sms()) };
        given::<Notification>([]).decide(NotificationCommand::Request(request))
    };
    assert_eq!(decided(2).map(|events| events.len()), Ok(1));
    assert_eq!(decided(3), Err(NotificationError::OverLimit(over())));
}

#[test]
fn a_notification_that_passes_a_limit_when_its_time_has_come_waits_until_it_is_resumed() {
    let begin = |people| {
        let asks = asks(people);
        NotificationCommand::Begin(BeginNotification { at: at(3_000), people, approval_above: None, asks })
    };
    assert_eq!(decided([scheduled(3_000)], begin(2)), Ok(vec![begun()]));
    let stopped = NotificationEvent::NotificationPausedByLimit { over: over() };
    assert_eq!(decided([scheduled(3_000)], begin(3)), Ok(vec![stopped.clone()]));
    let history = || vec![scheduled(3_000), stopped.clone()];
    assert_eq!(state(history()), "paused");
    assert_eq!(given::<Notification>(history()).over_limit(), Some(over()));
    assert_eq!(decided(history(), begin(2)), Err(NotificationError::NotDue));
    let resumed = [history(), vec![NotificationEvent::NotificationResumed]].concat();
    assert_eq!(given::<Notification>(resumed.clone()).over_limit(), None);
    assert_eq!(decided(resumed.clone(), begin(3)), Ok(vec![stopped]), "nothing has changed");
    assert_eq!(decided(resumed, begin(2)), Ok(vec![begun()]));
}

fn some_retried(generation: u32) -> NotificationEvent {
    NotificationEvent::DeliveriesRetried { generation, people: 1, reason: None }
}

fn retry_some() -> NotificationCommand {
    NotificationCommand::RetryDeliveries { at: at(2_000), people: 1, reason: None }
}

#[test]
fn a_retry_of_some_begins_a_generation_and_runs_until_it_is_completed() {
    let closed = NotificationEvent::AudienceClosed { generation: 1, total: 2, excluded: BTreeMap::new() };
    let completed = NotificationEvent::NotificationCompleted { generation: 1, totals: Totals::default() };
    let done = given::<Notification>([requested(), closed, completed]);
    assert_eq!(done.decide(retry_some()), Ok(vec![some_retried(2)]));
    let mut running = done;
    running.fold(some_retried(2));
    assert_eq!((running.state(), running.open_generation()), (Some(NotificationState::Running), None));
    let complete = NotificationCommand::Complete { generation: 2, totals: Totals::default() };
    assert!(running.decide(complete).is_ok_and(|events| events.len() == 1));
}

#[test]
fn a_retry_of_some_leaves_the_audience_open_that_is_being_resolved() {
    let mut resolving = given::<Notification>([requested(), some_retried(2)]);
    assert_eq!(
        (resolving.state(), resolving.open_generation()),
        (Some(NotificationState::Resolving), Some(1))
    );
    let complete = NotificationCommand::Complete { generation: 2, totals: Totals::default() };
    assert_eq!(resolving.decide(complete.clone()), Err(NotificationError::NothingToComplete));
    let close = NotificationCommand::CloseAudience { generation: 1, total: 2, excluded: BTreeMap::new() };
    let closed = resolving.decide(close).expect("the end of the audience");
    closed.into_iter().for_each(|event| resolving.fold(event));
    assert_eq!(resolving.state(), Some(NotificationState::Running));
    assert!(resolving.decide(complete).is_ok());
}

#[test]
fn nothing_of_what_is_cancelled_expired_or_not_begun_is_retried() {
    let cancelled = given::<Notification>([requested(), NotificationEvent::NotificationCancelled]);
    assert_eq!(cancelled.decide(retry_some()), Err(NotificationError::Cancelled));
    let expired = given::<Notification>([expiring(Some(1_500))]);
    assert_eq!(expired.decide(retry_some()), Err(NotificationError::PastExpiry));
    let waiting = given::<Notification>([scheduled(9_000)]);
    assert_eq!(waiting.decide(retry_some()), Err(NotificationError::NotDue));
}
