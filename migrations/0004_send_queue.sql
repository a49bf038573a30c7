-- What is to be sent. Rows go when their delivery is settled; what happened stands in the events.
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
  -- waiting: provably unsent · claimed: provably unsent, with an owner · started: the provider may have it.
  state text not null default 'waiting',
  attempt integer not null default 0,
  first_attempt_at timestamptz,
  due_at timestamptz not null,
  expires_at timestamptz,
  -- The fencing token: every claim raises it, every mark and settlement is conditional on it.
  epoch bigint not null default 0,
  lease_until timestamptz,
  -- The provider it was started with, so that a crash can name it.
  provider text,
  -- The last sequence of the delivery's stream.
  sequence bigint not null default 0,
  constraint delivery_is_queued_already primary key (delivery_id, generation),
  constraint queue_state_is_known check (state in ('waiting', 'claimed', 'started'))
);
create index send_queue_due on send_queue (channel, lane, due_at) where state = 'waiting';
create index send_queue_leases on send_queue (lease_until) where state <> 'waiting';
create index send_queue_by_notification on send_queue (notification_id);
create index send_queue_by_client on send_queue (client_id);

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
  lane smallint not null,
  expires_at timestamptz,
  cancelled boolean not null default false
);

-- How far the intake has read the log; one row.
create table intake (
  position bigint not null,
  only_one boolean primary key default true check (only_one)
);
insert into intake (position) values (0);
