use domain::value::CompanyId;
use uuid::Uuid;

use super::world::{World, wants};
use crate::tasks::{give_back, park, unpark_all};

#[tokio::test]
async fn a_task_is_claimed_once_and_is_fresh_the_first_time() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    let id = world.chunk(notification, 1, 3).await;
    let (one, other) = (world.owner().await, world.owner().await);
    let claimed = world.claim(one).await;
    assert_eq!(
        claimed.iter().map(|task| (task.id, task.people, task.is_fresh())).collect::<Vec<_>>(),
        [(id, 3, true)]
    );
    assert!(world.claim(other).await.is_empty());
    assert_eq!(world.claimer(one).claimed().await.expect("claimed"), claimed);
    give_back(&world.pool, &claimed[0], world.now()).await.expect("given back");
    let again = world.claim(other).await;
    assert_eq!((again.len(), again[0].is_fresh()), (1, false));
}

#[tokio::test]
async fn companies_share_a_claim_and_take_turns() {
    let world = World::new().await;
    for company in [1, 2, 3] {
        let notification = world.notification(company).await;
        for chunk in 1..=3 {
            world.chunk(notification, chunk, 2).await;
        }
    }
    let owner = world.owner().await;
    let mut claimer = world.claimer(owner);
    let companies = |claimed: Vec<crate::tasks::Task>| {
        let mut companies: Vec<u128> = claimed.iter().map(|task| task.company.uuid().as_u128()).collect();
        companies.sort_unstable();
        companies
    };
    assert_eq!(companies(claimer.claim(&wants(6), world.now()).await.expect("a claim")), [1, 2, 3]);
    assert_eq!(companies(claimer.claim(&wants(2), world.now()).await.expect("a claim")), [1]);
    assert_eq!(companies(claimer.claim(&wants(2), world.now()).await.expect("a claim")), [2]);
    let mut wants = wants(100);
    wants.satisfied.insert((1, CompanyId::from(Uuid::from_u128(1))));
    assert_eq!(companies(claimer.claim(&wants, world.now()).await.expect("a claim")), [2, 3, 3]);
}

#[tokio::test]
async fn only_what_is_due_and_may_be_sent_is_claimed() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    for chunk in 1..=4 {
        world.chunk(notification, chunk, 1).await;
    }
    world.run("update send_tasks set stopped = 'cancelled' where chunk = 1", &[]).await;
    world.run("update send_tasks set due_at = due_at + interval '60 s' where chunk = 2", &[]).await;
    world.run("update send_tasks set expires_at = due_at where chunk = 3", &[]).await;
    let owner = world.owner().await;
    let claimed = world.claim(owner).await;
    assert_eq!(claimed.iter().map(|task| task.id.chunk).collect::<Vec<_>>(), [4]);
    let due = world.claimer(owner).next_due(world.now()).await.expect("a time");
    assert_eq!(due, Some(world.now() + chrono::TimeDelta::seconds(60)));
}

#[tokio::test]
async fn a_fenced_owner_claims_nothing() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    world.chunk(notification, 1, 1).await;
    let owner = world.owner().await;
    world.fence(owner).await;
    assert!(world.claim(owner).await.is_empty());
}

#[tokio::test]
async fn a_parked_task_waits_for_the_next_start() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    world.chunk(notification, 1, 1).await;
    let owner = world.owner().await;
    let task = world.claim(owner).await.pop().expect("a task");
    park(&world.pool, &task, "a test").await.expect("parked");
    assert!(world.claimer(owner).claimed().await.expect("claimed").is_empty());
    assert_eq!(crate::tasks::recover(&world.settler).await.expect("recovered"), 0);
    unpark_all(&world.pool).await.expect("unparked");
    assert_eq!(crate::tasks::recover(&world.settler).await.expect("recovered"), 1);
    assert_eq!(world.claim(owner).await.len(), 1);
}

/// Generic plans and no sequential scans: what many stopped tasks cost a claim.
#[tokio::test]
async fn a_claim_does_not_walk_over_a_cancelled_campaign() {
    let world = World::new().await;
    world
        .run(
            "insert into send_tasks (notification_id, chunk, company_id, channel, lane, people, chunk_people, due_at, stopped)
             select gen_random_uuid(), 1, '00000000-0000-0000-0000-000000000001', 'email', 1, 500, 500,
                    'epoch', 'cancelled'
             from generate_series(1, 2000)",
            &[],
        )
        .await;
    let notification = world.notification(1).await;
    world.chunk(notification, 1, 1).await;
    world.run("analyze send_tasks", &[]).await;
    let plan: Vec<String> = sqlx::query_scalar(
        "explain (analyze, costs off, timing off, summary off)
         select people from send_tasks t
         where t.channel = 'email' and t.lane = 1 and t.company_id = '00000000-0000-0000-0000-000000000001'
           and t.stopped is null and not t.is_parked and t.due_at <= now() and t.owner is null
         order by t.due_at limit 1",
    )
    .fetch_all(&world.pool)
    .await
    .expect("a plan");
    let plan = plan.join("\n");
    assert!(plan.contains("send_tasks_due") && !plan.contains("Removed by Filter"), "{plan}");
    let owner = world.owner().await;
    assert_eq!(world.claim(owner).await.len(), 1);
}
