//! A database of a test's own, with the log, the tasks, and of the views as much as the tasks read.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use commands::log::{Draft, EventLog, Lane, MasterKey, Metadata};
use commands::suppressions::SuppressedAddress;
use commands::{CommandContext, clock, migrate, notifications};
use cqrs_es::DomainEvent;
use domain::deliveries::{
    Cause, Deliveries, Failure, FailureClass, MemberOutcome, Outcome, State, deliveries_stream,
};
use domain::notification::{
    AUDIENCE, Addressee, AudienceEvent, AudienceFilter, Content, Notification, NotificationCommand,
    Recipient, RequestNotification,
};
use domain::personal::Personal;
use domain::value::{
    Category, Channel, ClientId, CompanyId, ContactKind, EmailBody, Member, Members, NotificationId,
    RecipientKind, Subject, first_members,
};
use embedded::{GuardCommand, Stack};
use serde_json::json;
use sqlx::PgPool;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::database::task_pool;
use crate::options::Clock;
use crate::request::Requests;
use crate::route::Companies;
use crate::tasks::claim::{Claimer, Wants};
use crate::tasks::load::Loaded;
use crate::tasks::settle::{Change, Marked, Settled, Settler, StartMark};
use crate::tasks::{ChunkId, LANES, Task, owners};

static STACK: OnceCell<Stack> = OnceCell::const_new();
static SERIAL: AtomicU64 = AtomicU64::new(1);

/// As much of the view of notifications as the tasks read.
const VIEW: &str = "
    create schema notifications;
    create table notifications.checkpoint (position bigint not null);
    insert into notifications.checkpoint values (1000000);
    create table notifications.recipients (notification_id uuid, ordinal integer, client_id uuid, addressee bytea);
    create table notifications.outcomes (
      notification_id uuid, ordinal integer, generation integer, attempt integer, state text);
    create table notifications.chunks (notification_id uuid, chunk integer, people integer)";

pub(crate) struct World {
    pub(crate) log: EventLog,
    pub(crate) pool: PgPool,
    pub(crate) requests: Requests,
    pub(crate) settler: Settler,
    now: Arc<AtomicI64>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let guard = || Stack::for_tests(GuardCommand::of_test("tasks::tests::guard_entry"));
        let stack = STACK.get_or_init(|| async { guard().await.expect("the servers start") }).await;
        let name = format!("tasks_{}", SERIAL.fetch_add(1, Ordering::Relaxed));
        let url = stack.create_database("template0", &name).await.expect("a database");
        let pool =
            commands::pool_options().max_connections(8).connect(&url).await.expect("the database answers");
        migrate(&pool).await.expect("the tables");
        sqlx::raw_sql(VIEW).execute(&pool).await.expect("the view");
        let log = EventLog::open(pool, &MasterKey::new([7; 32])).await.expect("the log");
        let pool = task_pool(log.pool());
        let requests = Requests::new(log.reader().clone());
        let now = Arc::new(AtomicI64::new(1_000));
        let settler = Settler::new(log.clone(), pool.clone(), requests.clone(), clock_of(&now));
        Self { log, pool, requests, settler, now }
    }

    pub(crate) fn clock(&self) -> Clock {
        clock_of(&self.now)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock())()
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    /// A notification that was asked for and that the intake has taken in.
    pub(crate) async fn notification(&self, company: u128) -> NotificationId {
        self.notification_with(company, |_| ()).await
    }

    /// The same, to some of the clients.
    pub(crate) async fn filtered(&self, company: u128, filter: AudienceFilter) -> NotificationId {
        self.notification_with(company, |request| request.filter = filter).await
    }

    /// The same, with other fields.
    pub(crate) async fn notification_with(
        &self,
        company: u128,
        change: impl FnOnce(&mut RequestNotification),
    ) -> NotificationId {
        let (notification, company) = (NotificationId::from(clock::new_id()), Uuid::from_u128(company));
        let content = Content::Email {
            subject: Subject::try_from("Aviso".to_owned()).expect("a subject"),
            body: EmailBody::try_from("Hola".to_owned()).expect("a text"),
        };
        let mut request = RequestNotification {
            notification,
            company: company.into(),
            recipient_kind: RecipientKind::Everyone,
            category: Category::Service,
            content,
            template: None,
            only_to: None,
            filter: AudienceFilter::default(),
            expires_at: None,
            schedule_at: None,
            hold_seconds: 0,
            people: 0,
            approval_above: None,
            excludes_foreign: false,
            asks: None,
            author: Uuid::from_u128(9).into(),
            at: self.now(),
        };
        change(&mut request);
        let asked =
            notifications::request(&self.log, request, &CommandContext::of_system(), &json!({})).await;
        asked.expect("a notification");
        self.run(
            "insert into send_notifications (notification_id, company_id, channel, recipient_kind, lane)
             values ($1, $2, 'email', 'everyone', 1)",
            &[notification.uuid(), company],
        )
        .await;
        notification
    }

    /// The next chunk of a notification's audience, with its task.
    pub(crate) async fn chunk(&self, notification: NotificationId, chunk: u32, people: usize) -> ChunkId {
        let company: CompanyId = self.company(notification).await;
        let recipients = (1..=people).map(|number| {
            let client = client(chunk, number as u16);
            let addressee = Addressee {
                client_name: "Ana".into(),
                contact_name: "Ana".into(),
                address: format!("{number}@example.com"),
                ..Addressee::nobody()
            };
            Recipient {
                client,
                kind: ContactKind::Holder,
                is_foreign: false,
                addressee: Personal::new(client.uuid(), addressee),
            }
        });
        let event = AudienceEvent::AudienceChunkResolved {
            notification,
            company,
            channel: Channel::Email,
            recipients: recipients.collect(),
            cursor: String::new(),
        };
        self.append(AUDIENCE, &notification.to_string(), chunk.into(), &event).await;
        sqlx::query(
            "insert into send_tasks (notification_id, chunk, company_id, channel, lane, people, chunk_people, due_at)
             values ($1, $2, $3, 'email', 1, $4, $4, $5)",
        )
        .bind(notification.uuid())
        .bind(chunk as i32)
        .bind(company.uuid())
        .bind(people as i32)
        .bind(self.now())
        .execute(&self.pool)
        .await
        .expect("a task");
        ChunkId { notification, chunk }
    }

    /// Says that the audience is whole.
    pub(crate) async fn close(&self, notification: NotificationId) {
        let loaded =
            self.log.reader().load::<Notification>(&notification.to_string()).await.expect("a notification");
        let close = NotificationCommand::CloseAudience {
            generation: loaded.state.generation(),
            total: 1,
            excluded: Default::default(),
        };
        let event = loaded.state.decide(close).expect("an open audience").pop().expect("an event");
        self.append("notification", &notification.to_string(), loaded.sequence + 1, &event).await;
        let closed =
            "update send_notifications set closed_generation = generation where notification_id = $1";
        self.run(closed, &[notification.uuid()]).await;
    }

    pub(crate) async fn append(&self, kind: &str, id: &str, sequence: i64, event: &impl DomainEvent) {
        let draft = Draft::of(kind, id, sequence, event, Metadata::new()).expect("JSON");
        self.log.writer().append(vec![draft], None, Lane::Bulk).await.expect("an event");
    }

    pub(crate) async fn run(&self, text: &str, ids: &[Uuid]) {
        let query = ids.iter().fold(sqlx::query(text), |query, id| query.bind(*id));
        query.execute(&self.pool).await.expect("a statement");
    }

    pub(crate) async fn number(&self, text: &str) -> i64 {
        sqlx::query_scalar(text).fetch_one(&self.pool).await.expect("a number")
    }

    async fn company(&self, notification: NotificationId) -> CompanyId {
        let found: Uuid =
            sqlx::query_scalar("select company_id from send_notifications where notification_id = $1")
                .bind(notification.uuid())
                .fetch_one(&self.pool)
                .await
                .expect("a notification");
        found.into()
    }

    pub(crate) async fn owner(&self) -> Uuid {
        let owner = clock::new_id();
        owners::register(&self.pool, owner).await.expect("an owner");
        owner
    }

    /// What somebody who beats no more is told of itself: nothing.
    pub(crate) async fn fence(&self, owner: Uuid) {
        owners::fence(&self.pool, &[owner], &[(owner, 0)]).await.expect("a fence");
    }

    pub(crate) fn claimer(&self, owner: Uuid) -> Claimer {
        Claimer::new(self.pool.clone(), owner, Channel::Email, Companies::All)
    }

    pub(crate) async fn claim(&self, owner: Uuid) -> Vec<Task> {
        self.claimer(owner).claim(&wants(500), self.now()).await.expect("a claim")
    }

    /// The only task that is due, loaded.
    pub(crate) async fn load_one(&self, owner: Uuid) -> Loaded {
        let mut claimed = self.claim(owner).await;
        assert_eq!(claimed.len(), 1, "{claimed:?}");
        let task = claimed.pop().expect("a task");
        crate::tasks::load::load(self.log.reader(), task).await.expect("a chunk")
    }

    pub(crate) async fn mark(&self, owner: Uuid, marks: &[StartMark]) -> Vec<Marked> {
        self.settler.commit(Some(owner), marks, &[]).await.expect("marks").0
    }

    pub(crate) async fn settle(&self, owner: Uuid, change: Change) -> Settled {
        let (_, mut settled) = self.settler.commit(Some(owner), &[], &[change]).await.expect("a settlement");
        settled.pop().expect("a change")
    }

    pub(crate) async fn deliveries(&self, id: ChunkId) -> Deliveries {
        let stream = deliveries_stream(id.notification, id.chunk);
        self.log.reader().load::<Deliveries>(&stream).await.expect("a chunk").state
    }

    pub(crate) async fn state(&self, id: ChunkId, number: u16) -> State {
        self.deliveries(id).await.get(member(number)).state
    }

    pub(crate) async fn aggregate(&self, notification: NotificationId) -> Notification {
        self.log.reader().load::<Notification>(&notification.to_string()).await.expect("a notification").state
    }
}

fn clock_of(now: &Arc<AtomicI64>) -> Clock {
    let now = Arc::clone(now);
    Arc::new(move || DateTime::UNIX_EPOCH + TimeDelta::seconds(now.load(Ordering::Relaxed)))
}

pub(crate) fn wants(people: usize) -> Wants {
    Wants { room: [people; LANES.len()], ..Wants::default() }
}

pub(crate) fn member(number: u16) -> Member {
    Member::try_new(number).expect("a member")
}

pub(crate) fn client(chunk: u32, number: u16) -> ClientId {
    Uuid::from_u128(u128::from(chunk) << 32 | u128::from(number)).into()
}

pub(crate) fn mark(loaded: &Loaded, number: u16, is_started: bool) -> StartMark {
    let delivery = loaded.deliveries.get(member(number));
    StartMark {
        task: loaded.task.id,
        epoch: loaded.task.epoch,
        generation: delivery.generation,
        attempt: delivery.attempt + 1,
        member: member(number),
        client: client(loaded.task.id.chunk, number),
        to: SuppressedAddress {
            company: loaded.task.company,
            channel: loaded.task.channel,
            address: format!("+57300{number:07}"),
        },
        provider: "uno".into(),
        is_started,
        guarded: None,
    }
}

/// All members but those with an outcome are in memory.
pub(crate) fn change(loaded: &Loaded, outcomes: Vec<MemberOutcome>) -> Change {
    let ended: Members = outcomes.iter().map(|outcome| outcome.member).collect();
    Change {
        task: loaded.task.clone(),
        deliveries: loaded.deliveries.clone(),
        sequence: loaded.sequence,
        outcomes,
        in_memory: first_members(loaded.task.chunk_people).without(ended),
        aside_until: None,
        spent: Vec::new(),
        unmarked: Members::NONE,
    }
}

pub(crate) fn outcome(loaded: &Loaded, number: u16, outcome: Outcome) -> MemberOutcome {
    let delivery = loaded.deliveries.get(member(number));
    let (generation, attempt) = (delivery.generation, delivery.attempt + 1);
    MemberOutcome { member: member(number), generation, attempt, outcome, passed_on: Vec::new() }
}

pub(crate) fn accepted(loaded: &Loaded, number: u16) -> MemberOutcome {
    outcome(loaded, number, Outcome::Accepted { provider: "uno".into(), reference: format!("r{number}") })
}

pub(crate) fn failure() -> Failure {
    let cause = Cause { class: FailureClass::PermanentAddress, evidence: Default::default() };
    Failure { provider: Some("uno".into()), cause, detail: None }
}
