-- What is to be sent. Rows go when their delivery is settled; what happened stands in the events.
--
-- No index names state, epoch, owner or provider, and pages keep room: claiming and starting a row are then heap-only
-- updates, which is what makes thousands of sends a second cheap.
create table send_queue (
  delivery_id uuid not null,
  generation integer not null,
  notification_id uuid not null,
  company_id uuid not null,
  client_id uuid not null,
  channel text not null,
  -- 0 operational, 1 service, 2 collection, 3 commercial: the lane decides who goes first.
  lane smallint not null,
  address text not null,
  name text not null,
  -- waiting: provably unsent · claimed: provably unsent, with an owner · started: the provider may have it.
  state text not null default 'waiting',
  attempt integer not null default 0,
  first_attempt_at timestamptz,
  due_at timestamptz not null,
  expires_at timestamptz,
  -- The fencing token: every claim and every return to waiting raises it; every mark and settlement is conditional on it.
  epoch bigint not null default 0,
  owner uuid,
  -- The provider it was started with, so that a crash can name it.
  provider text,
  -- The last sequence of the delivery's stream.
  sequence bigint not null default 0,
  constraint delivery_is_queued_already primary key (delivery_id, generation),
  constraint queue_state_is_known check (state in ('waiting', 'claimed', 'started'))
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
create index send_queue_due on send_queue (channel, lane, company_id, due_at);
create index send_queue_by_notification on send_queue (notification_id);
create index send_queue_by_client on send_queue (client_id);
create index send_queue_by_expiry on send_queue (expires_at) where expires_at is not null;

-- The processes that send. An owner beats about once a second, which is the lease of all its rows; one whose beat
-- stands still for fifteen looks of another is condemned, its claimed rows go back and its started rows are in doubt.
create table send_owners (
  owner uuid primary key,
  beat bigint not null default 0,
  condemned boolean not null default false,
  -- What it has in hand, for totals at query time: so many deliveries of each notification.
  notifications uuid[] not null default '{}',
  sending bigint[] not null default '{}'
) with (fillfactor = 50);

-- Whose waiting rows must not be sent: a cancelled notification or an erased client. Goes when none of its rows is left.
create table withdrawals (
  reason text not null,
  subject uuid not null,
  constraint withdrawal_is_asked_already primary key (reason, subject),
  constraint withdrawal_reason_is_known check (reason in ('cancelled', 'erased'))
);

-- Everybody who was ever erased, kept for ever: a chunk that was cut before may be queued after.
create table unsendable_clients (
  client_id uuid primary key
);

-- Every chunk that was ever queued, kept for ever: neither a rewind nor a sweep sends again.
create table queued_chunks (
  notification_id uuid not null,
  generation integer not null,
  chunk bigint not null,
  constraint chunk_was_queued_already primary key (notification_id, generation, chunk)
);

-- What the intake must remember of a notification: its lane, its expiry, and whether it was cancelled.
create table queued_notifications (
  notification_id uuid primary key,
  company_id uuid not null,
  channel text not null,
  recipient_kind text not null,
  lane smallint not null,
  expires_at timestamptz,
  cancelled boolean not null default false
);

-- How far the audience of each generation is resolved. Changes in the same transaction as its chunk is appended.
create table audiences (
  notification_id uuid not null references queued_notifications,
  generation integer not null,
  -- Of the event that asked for it: views must have reached it before anyone is counted.
  position bigint not null,
  chunks bigint not null default 0,
  recipients bigint not null default 0,
  -- Where the next chunk goes on: the last recipient's blind index, or for a retry the last delivery's id.
  cursor bytea not null default '',
  closed boolean not null default false,
  constraint audience_is_known_already primary key (notification_id, generation)
);
create index audiences_open on audiences (position) where not closed;

-- How far the intake has read the log; one row.
create table intake (
  position bigint not null,
  only_one boolean primary key default true check (only_one)
);
insert into intake (position) values (0);

-- Events that the intake could not read, such as those of a newer version: taken in when a program starts that can.
create table intake_parked (
  position bigint primary key,
  parked_at timestamptz not null default clock_timestamp()
);
