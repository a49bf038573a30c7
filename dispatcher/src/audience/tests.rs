//! Resolving on a real PostgreSQL: chunks and their tasks, retries, and the end.

use std::sync::Arc;

use chrono::TimeDelta;
use commands::dead_letters::{RetryAll, retry_all};
use commands::{CommandContext, notifications};
use domain::client::ClientEvent;
use domain::deliveries::{Outcome, State, Totals};
use domain::notification::{AudienceFilter, ClientList, NotificationState};
use domain::value::NotificationId;
use uuid::Uuid;

use super::Resolver;
use super::resolver::Step;
use crate::tasks::follow_notification;
use crate::tasks::settle::Next;
use crate::tasks::tests::world::{World, accepted, change, client, failure, member, outcome};

/// As much of the view of clients as the resolver reads.
const VIEW: &str = "
    create schema clients;
    create table clients.checkpoint (position bigint not null);
    insert into clients.checkpoint values (1000000);
    create table clients.clients (client_id uuid primary key, name text, locale text, time_zone text, columns json);
    create table clients.contacts (
      client_id uuid, company_id uuid, ordinal integer, kind text, name text, email text, email_index bytea);
    create index on clients.contacts (company_id, email_index);
    create table clients.companies (company_id uuid, country text);
    insert into clients.clients
    select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'Ana', 'es', 'America/Bogota', '{}'
    from generate_series(1, 501) n;
    insert into clients.contacts
    select client_id, '00000000-0000-0000-0000-000000000001', 1, 'holder', 'Ana', 'ana@example.com', uuid_send(client_id)
    from clients.clients";

async fn world() -> World {
    let world = World::new().await;
    sqlx::raw_sql(VIEW).execute(&world.pool).await.expect("the view of clients");
    world
}

fn resolver(world: &World) -> Resolver {
    Resolver {
        log: world.log.clone(),
        pool: world.pool.clone(),
        requests: world.requests.clone(),
        wakes: Arc::default(),
        poll: std::time::Duration::from_millis(1),
        clock: world.clock(),
        ahead: None,
        conflicts: 0,
        aside: Default::default(),
    }
}

async fn resolve(world: &World) {
    let mut resolver = resolver(world);
    while resolver.step().await.expect("a step") == Step::Moved {}
}

async fn open(world: &World, notification: NotificationId, generation: i32) {
    sqlx::query(
        "with raised as (update send_notifications set generation = $2 where notification_id = $1)
         insert into audiences (notification_id, generation, position) values ($1, $2, 1)",
    )
    .bind(notification.uuid())
    .bind(generation)
    .execute(&world.pool)
    .await
    .expect("an audience");
}

#[tokio::test]
async fn each_chunk_has_its_task_and_no_rewind_makes_another() {
    let world = world().await;
    let notification = world.notification(1).await;
    open(&world, notification, 1).await;
    resolve(&world).await;
    let people: Vec<(i32, i32, i64)> =
        sqlx::query_as("select chunk, people, epoch from send_tasks order by chunk")
            .fetch_all(&world.pool)
            .await
            .expect("tasks");
    assert_eq!(people, [(1, 500, 0), (2, 1, 0)]);
    assert_eq!(world.aggregate(notification).await.state(), Some(NotificationState::Running));

    // They are sent, and the resolver is made to begin anew.
    world.run("delete from send_tasks", &[]).await;
    world.run("update audiences set chunks = 0, cursor = '', closed = false", &[]).await;
    let mut resolver = resolver(&world);
    for _ in 0..3 {
        assert_eq!(resolver.step().await.expect("a step"), Step::Moved);
    }
    assert_eq!(world.number("select count(*) from send_tasks").await, 0);
    assert_eq!(world.number("select count(*) from events where aggregate_type = 'audience'").await, 2);
}

#[tokio::test]
async fn an_audience_waits_for_clients_before_its_request_and_for_nothing_else() {
    let world = world().await;
    let erased = ClientEvent::ClientErased { company: Uuid::from_u128(1).into() };
    world.append("client", &Uuid::from_u128(77).to_string(), 1, &erased).await;
    world.notification(1).await;
    let notification = world.notification(1).await;
    world.run("update clients.checkpoint set position = 0", &[]).await;
    open(&world, notification, 1).await;
    world.run("update audiences set position = 3", &[]).await;
    assert_eq!(
        resolver(&world).step().await.expect("a step"),
        Step::Behind,
        "a client is not in the view yet"
    );
    world.run("update clients.checkpoint set position = 1", &[]).await;
    assert_eq!(resolver(&world).step().await.expect("a step"), Step::Moved, "no client in between");
    world.run("update audiences set position = 1002", &[]).await;
    assert_eq!(resolver(&world).step().await.expect("a step"), Step::Behind, "too many to search");
}

#[tokio::test]
async fn a_list_goes_to_its_clients_and_counts_who_was_erased_since() {
    let world = world().await;
    let ids = [7, 8, 900].map(|number| Uuid::from_u128(number_in_hex(number)).into());
    let clients = ClientList { ids: ids.into(), unknown: 4 };
    let filter = AudienceFilter { clients: Some(clients), ..AudienceFilter::default() };
    let notification = world.filtered(1, filter).await;
    open(&world, notification, 1).await;
    resolve(&world).await;
    assert_eq!(world.number("select sum(people)::bigint from send_tasks").await, 2);
    let excluded: String = sqlx::query_scalar(
        "select payload -> 'AudienceClosed' ->> 'excluded' from events where event_type = 'AudienceClosed'",
    )
    .fetch_one(&world.pool)
    .await
    .expect("an audience that is closed");
    assert_eq!(excluded, r#"{"erased":1,"unknown":4}"#);
}

/// The view writes the numbers of clients in decimal digits.
fn number_in_hex(number: u64) -> u128 {
    u128::from_str_radix(&number.to_string(), 16).expect("digits")
}

#[tokio::test]
async fn what_is_cancelled_while_it_is_resolved_is_never_claimed() {
    let world = world().await;
    let notification = world.notification(1).await;
    open(&world, notification, 1).await;
    let mut resolver = resolver(&world);
    assert_eq!(resolver.step().await.expect("a step"), Step::Moved);
    world.run("update send_notifications set cancelled = true", &[]).await;
    world.run("update send_tasks set stopped = 'cancelled'", &[]).await;
    resolve(&world).await;
    let owner = world.owner().await;
    assert!(world.claim(owner).await.is_empty());
    assert_eq!(world.number("select count(*) from send_tasks").await, 1);
    assert_eq!(world.number("select count(*) from audiences where closed").await, 1);
}

/// A notification to two people: one has it, for the other it failed.
async fn half_failed(world: &World) -> NotificationId {
    let notification = world.notification(1).await;
    let id = world.chunk(notification, 1, 2).await;
    world.close(notification).await;
    let owner = world.owner().await;
    let loaded = world.load_one(owner).await;
    let failed = outcome(&loaded, 2, Outcome::Failed(failure()));
    let settled = world.settle(owner, change(&loaded, vec![accepted(&loaded, 1), failed])).await;
    assert_eq!(settled.next, Next::Finished);
    assert_eq!(world.state(id, 2).await, State::Failed);
    let context = CommandContext::of_system();
    let order = RetryAll { notification, failed: Vec::new(), at: world.now() };
    retry_all(&world.log, &order, &context).await.expect("a retry");
    open(world, notification, 2).await;
    notification
}

#[tokio::test]
async fn a_retry_opens_those_it_failed_for_and_completes_again() {
    let world = world().await;
    let notification = half_failed(&world).await;
    let person = [notification.uuid(), client(1, 2).uuid()];
    world.run("insert into notifications.recipients values ($1, 2, $2, 'sealed')", &person).await;
    world.run("insert into notifications.outcomes values ($1, 2, 1, 1, 'failed')", &person[..1]).await;
    world.run("insert into notifications.chunks values ($1, 1, 2)", &person[..1]).await;
    resolve(&world).await;
    let owner = world.owner().await;
    let loaded = world.load_one(owner).await;
    assert_eq!((loaded.task.people, loaded.task.chunk_people, loaded.task.is_fresh()), (1, 2, false));
    assert_eq!(loaded.deliveries.get(member(2)).generation, 2);
    assert_eq!(world.aggregate(notification).await.state(), Some(NotificationState::Running));
    let settled = world.settle(owner, change(&loaded, vec![accepted(&loaded, 2)])).await;
    assert_eq!(settled.next, Next::Finished);
    let completed = world.aggregate(notification).await;
    assert_eq!(completed.state(), Some(NotificationState::Completed));
    assert_eq!(completed.totals(), Totals { accepted: 2, ..Totals::default() });
}

#[tokio::test]
async fn a_retry_of_nobody_completes_at_once_and_keeps_the_totals() {
    let world = world().await;
    let notification = half_failed(&world).await;
    resolve(&world).await;
    let completed = world.aggregate(notification).await;
    assert_eq!((completed.state(), completed.generation()), (Some(NotificationState::Completed), 2));
    assert_eq!(completed.totals(), Totals { accepted: 1, failed: 1, ..Totals::default() });
}

/// A notification for a minute from now, whose audience the intake has opened.
async fn scheduled(world: &World) -> NotificationId {
    let due_at = world.now() + TimeDelta::seconds(60);
    let notification = world.notification_with(1, |request| request.schedule_at = Some(due_at)).await;
    open(world, notification, 1).await;
    world
        .run(
            "update audiences set due_at = to_timestamp(1060), position = 1 where notification_id = $1",
            &[notification.uuid()],
        )
        .await;
    notification
}

async fn state(world: &World, notification: NotificationId) -> NotificationState {
    world.aggregate(notification).await.state().expect("a state")
}

#[tokio::test]
async fn what_is_scheduled_begins_at_its_time_with_the_people_of_that_moment() {
    let world = world().await;
    let notification = scheduled(&world).await;
    resolve(&world).await;
    assert_eq!(state(&world, notification).await, NotificationState::Scheduled);
    world
        .run("delete from clients.contacts where client_id > '00000000-0000-0000-0000-000000000003'", &[])
        .await;
    world.wait(60);
    // The view lacks a client from before the beginning: nobody is frozen yet.
    let erased = ClientEvent::ClientErased { company: Uuid::from_u128(1).into() };
    world.append("client", &Uuid::from_u128(77).to_string(), 1, &erased).await;
    world.run("update clients.checkpoint set position = 0", &[]).await;
    let mut early = resolver(&world);
    assert_eq!(early.step().await.expect("a step"), Step::Moved);
    assert_eq!(early.step().await.expect("a step"), Step::Behind);
    assert_eq!(state(&world, notification).await, NotificationState::Resolving);
    world.run("update clients.checkpoint set position = 1000000", &[]).await;
    resolve(&world).await;
    assert_eq!(world.number("select sum(people) from send_tasks").await, 3);
    assert_eq!(state(&world, notification).await, NotificationState::Running);
}

#[tokio::test]
async fn of_two_dispatchers_one_begins_what_is_due() {
    let world = world().await;
    scheduled(&world).await;
    world.wait(60);
    let (mut one, mut other) = (resolver(&world), resolver(&world));
    let (one, other) = tokio::join!(one.step(), other.step());
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    resolve(&world).await;
    let begun = "select count(*) from events where event_type = 'NotificationBegun'";
    assert_eq!(world.number(begun).await, 1);
    assert_eq!(world.number("select sum(people) from send_tasks").await, 501);
}

#[tokio::test]
async fn what_the_stream_says_counts_before_the_row_shows_it() {
    let world = world().await;
    let [paused, cancelled, moved] =
        [scheduled(&world).await, scheduled(&world).await, scheduled(&world).await];
    let context = CommandContext::of_system();
    notifications::pause(&world.log, paused, &context).await.expect("a pause");
    notifications::cancel(&world.log, cancelled, &context).await.expect("a cancellation");
    let (later, now) = (world.now() + TimeDelta::seconds(120), world.now());
    notifications::reschedule(&world.log, moved, later, now, &context).await.expect("another time");
    world.wait(60);
    resolve(&world).await;
    assert_eq!(world.number("select count(*) from events where event_type = 'NotificationBegun'").await, 0);
    assert_eq!(world.number("select count(*) from audiences where closed").await, 1, "it is cancelled");
    world.wait(60);
    resolve(&world).await;
    assert_eq!(state(&world, moved).await, NotificationState::Running);
    assert_eq!(state(&world, paused).await, NotificationState::Paused);
    notifications::resume(&world.log, paused, &context).await.expect("it goes on");
    follow_notification(&world.pool, paused).await.expect("it is followed");
    resolve(&world).await;
    assert_eq!(state(&world, paused).await, NotificationState::Running);
}

#[tokio::test]
async fn the_tasks_of_a_paused_notification_are_paused_from_the_start() {
    let world = world().await;
    let notification = half_failed(&world).await;
    let context = CommandContext::of_system();
    notifications::pause(&world.log, notification, &context).await.expect("a pause");
    follow_notification(&world.pool, notification).await.expect("it is followed");
    let person = [notification.uuid(), client(1, 2).uuid()];
    world.run("insert into notifications.recipients values ($1, 2, $2, 'sealed')", &person).await;
    world.run("insert into notifications.outcomes values ($1, 2, 1, 1, 'failed')", &person[..1]).await;
    world.run("insert into notifications.chunks values ($1, 1, 2)", &person[..1]).await;
    resolve(&world).await;
    let fresh = world.notification(1).await;
    notifications::pause(&world.log, fresh, &context).await.expect("a pause");
    follow_notification(&world.pool, fresh).await.expect("it is followed");
    open(&world, fresh, 1).await;
    resolve(&world).await;
    assert_eq!(world.number("select count(*) from send_tasks where stopped = 'paused'").await, 3);
    assert_eq!(world.number("select count(*) from send_tasks").await, 3);
    let owner = world.owner().await;
    assert!(world.claim(owner).await.is_empty());
}
