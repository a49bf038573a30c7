-- The send tasks: one a chunk of an audience, whatever the generation, so that a stream of deliveries has one writer. A
-- task is inserted, claimed and deleted, and hardly ever updated, so that a snapshot held for hours (by a backup or a
-- standby) does not slow the claims. The stream, not this table, says which members are open.
create table send_tasks (
  notification_id uuid not null,
  chunk integer not null,
  company_id uuid not null,
  channel text not null,
  -- 0 operational, 1 service, 2 collection, 3 commercial: lower lanes are sent first.
  lane smallint not null,
  -- How many members are open, as of the insert or the last requeue: companies share a claim by people.
  people integer not null,
  -- How many people the chunk has.
  chunk_people integer not null,
  due_at timestamptz not null,
  expires_at timestamptz,
  -- The owner that works on it. The nil UUID is no process: its tasks are recovered like those of a fenced owner.
  owner uuid,
  -- The fencing token: every claim and every requeue raises it; every mark and settlement is conditional on it. A new
  -- chunk begins at 0, a reopened one at 1. If it is 1 after a claim, the chunk's stream of deliveries is empty.
  epoch bigint not null default 0,
  -- Why nothing of it is sent. The housekeeper records the outcome of the open members of a cancelled or expired task,
  -- page by page; a paused task waits.
  stopped text,
  -- The program could not read the chunk or its deliveries. Every start tries again.
  is_parked boolean not null default false,
  constraint chunk_has_a_task_already primary key (notification_id, chunk),
  constraint stop_is_known check (stopped in ('cancelled', 'expired', 'paused'))
) with (autovacuum_vacuum_scale_factor = 0.02);
-- The index of claims: stopped and parked tasks are not in it.
create index send_tasks_due on send_tasks (channel, lane, company_id, due_at) where stopped is null and not is_parked;
create index send_tasks_by_expiry on send_tasks (expires_at)
  where expires_at is not null and (stopped is null or stopped = 'paused') and not is_parked;
create index send_tasks_stopped on send_tasks (notification_id, chunk)
  where stopped in ('cancelled', 'expired') and not is_parked;
create index send_tasks_by_owner on send_tasks (owner) where owner is not null and not is_parked;
create index send_tasks_parked on send_tasks (notification_id, chunk) where is_parked;

-- Start marks: committed before a provider could accept. Only inserted, one row a flush, task, attempt and provider;
-- the last row about a member counts. They are deleted with their task, or when it is requeued.
create table send_starts (
  id bigint generated always as identity primary key,
  notification_id uuid not null,
  chunk integer not null,
  epoch bigint not null,
  generation integer not null,
  attempt integer not null,
  -- As ranges: 1-64,66.
  members text not null,
  -- The provider, which the outcome in doubt after a crash names.
  provider text not null,
  -- False takes marks back: these members are provably unsent.
  is_started boolean not null
) with (autovacuum_vacuum_scale_factor = 0.02);
create index send_starts_by_task on send_starts (notification_id, chunk, id);

-- The processes that send. An owner raises its beat about once a second, which is the lease of all its tasks. An owner
-- whose beat has not changed in fifteen reads of another process is fenced, and its tasks are requeued: started members
-- without an outcome are in doubt.
create table send_owners (
  owner uuid primary key,
  beat bigint not null default 0,
  is_fenced boolean not null default false,
  -- Its deliveries in flight by notification, for totals at query time.
  notifications uuid[] not null default '{}',
  sending bigint[] not null default '{}'
) with (fillfactor = 50);

-- The state of a notification that sending needs. Its row is locked before its tasks.
create table send_notifications (
  notification_id uuid primary key,
  company_id uuid not null,
  channel text not null,
  recipient_kind text not null,
  lane smallint not null,
  expires_at timestamptz,
  -- Numbers of other countries are left out of its audience.
  excludes_foreign boolean not null default false,
  -- As the notification's own stream says. Cancelled includes rejected.
  cancelled boolean not null default false,
  paused boolean not null default false,
  -- The last generation that was requested, that was closed, and that was completed.
  generation integer not null default 1,
  closed_generation integer not null default 0,
  completed_generation integer not null default 0
);
create index send_notifications_open on send_notifications (notification_id)
  where completed_generation < generation and not cancelled;

-- The changes of the totals of a notification since it was last completed: only inserted, one row a settlement and
-- notification; summed, and deleted, by the completion.
create table send_totals (
  id bigint generated always as identity primary key,
  notification_id uuid not null,
  accepted bigint not null,
  delivered bigint not null,
  failed bigint not null,
  suppressed bigint not null,
  in_doubt bigint not null,
  cancelled bigint not null
);
create index send_totals_by_notification on send_totals (notification_id);

-- All clients that were ever erased, kept for ever: a chunk that was frozen before an erasure may be sent after it.
create table unsendable_clients (
  client_id uuid primary key
);

-- Erasures of clients who may still be open in a task. A row is deleted when none is.
create table send_erasures (
  client_id uuid primary key,
  -- The view that knows the chunks of a client must have reached it.
  position bigint not null
);

-- How far the audience of each generation is resolved. Changes in the same transaction as its chunk is appended and the
-- chunk's task inserted. A chunk's number is the sequence of its event, so that neither a rewind of the intake nor a
-- second resolver inserts a second task for a chunk.
create table audiences (
  notification_id uuid not null references send_notifications,
  generation integer not null,
  -- The position of its request, its beginning or its retry. Views must have reached it before the audience is read.
  position bigint not null,
  -- When a notification begins that does not begin with its request; its expiry, or infinity, while it waits for an approval
  -- or the end of a pause; null once it has begun.
  due_at timestamptz,
  chunks bigint not null default 0,
  recipients bigint not null default 0,
  -- The start of the next chunk: the last recipient's blind index, or for a retry the last chunk's number.
  cursor bytea not null default '',
  closed boolean not null default false,
  constraint audience_is_known_already primary key (notification_id, generation)
);
create index audiences_open on audiences (position) where not closed and due_at is null;
create index audiences_due on audiences (due_at) where not closed and due_at is not null;

-- How far the intake has read the log; one row.
create table intake (
  position bigint not null,
  only_one boolean primary key default true check (only_one)
);
insert into intake (position) values (0);

-- Events that the intake could not read, such as those of a newer version: a later version of the program takes them in
-- at its start.
create table intake_parked (
  position bigint primary key,
  parked_at timestamptz not null default clock_timestamp()
);

-- Events of notifications of which people are to be told: inserted as the intake reads them, deleted with the message.
create table send_notices (
  id bigint generated always as identity primary key,
  notification_id uuid not null,
  sequence bigint not null,
  constraint event_is_told_once unique (notification_id, sequence)
) with (autovacuum_vacuum_scale_factor = 0.02);

-- Receipts that came before the outcome of their message is recorded, until it is: at most one a message, which is an
-- attempt with a provider, of a person of an open task.
create table waiting_receipts (
  notification_id uuid not null,
  ordinal integer not null,
  generation integer not null,
  attempt integer not null,
  company_id uuid not null,
  -- The stream of its deliveries, and the last sequence at which the receipt could not be recorded yet.
  stream text not null,
  sequence bigint not null,
  provider text not null,
  -- The provider that the message was given to, if the report tells.
  carrier text,
  at timestamptz not null,
  receipt json not null,
  constraint receipt_waits_once primary key (notification_id, ordinal, generation, attempt, provider)
) with (autovacuum_vacuum_scale_factor = 0.02);

-- The addresses to which nothing is sent, as their own streams say: audiences leave them out, and start marks are refused.
create table suppressed_addresses (
  company_id uuid not null,
  channel text not null,
  -- The blind index of the address, as contacts have it.
  address_index bytea not null,
  suppression_id uuid not null,
  -- Given in the order of the commits: who has read all up to a number has missed none.
  number bigint not null,
  -- The address first: with a million of one company, each step of a search would compare the company and the channel in vain.
  constraint address_is_suppressed_once primary key (address_index, company_id, channel),
  constraint suppression_has_one_address unique (suppression_id)
);
create index suppressed_addresses_by_number on suppressed_addresses (number);

-- The last number of a suppressed address; one row. It is locked until the commit of who takes the next one.
create table suppression_numbers (
  number bigint not null,
  only_one boolean primary key default true check (only_one)
) with (fillfactor = 10);
insert into suppression_numbers (number) values (0);

-- Where retries send deliveries in the place of the address in the audience: so that of two at once no two deliveries of a
-- notification go to one address. The address is a blind index. A row is deleted once its client is erased.
create table retried_addresses (
  notification_id uuid not null,
  address bytea not null,
  ordinal integer not null,
  client_id uuid not null,
  constraint address_is_retried_by_one primary key (notification_id, address),
  constraint delivery_is_retried_to_one unique (notification_id, ordinal)
);
create index retried_addresses_by_client on retried_addresses (client_id);

-- Suppressions that follow from what became of a message: inserted with the event, deleted once they are carried out.
create table ordered_suppressions (
  id bigint generated always as identity primary key,
  notification_id uuid not null,
  ordinal integer not null,
  company_id uuid not null,
  channel text not null,
  cause text not null
) with (autovacuum_vacuum_scale_factor = 0.02);
