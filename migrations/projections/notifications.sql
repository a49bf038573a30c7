-- Notifications, the people of their audiences, the outcome of each delivery, and totals.

create table notifications (
  notification_id uuid not null,
  company_id uuid not null,
  author_id uuid not null,
  channel text not null,
  recipient_kind text not null,
  category text not null,
  subject text,
  -- With a template, the template's texts, before they are rendered for anybody.
  body text not null,
  template_id uuid,
  template_version integer,
  -- Whether it goes to its author alone.
  test boolean not null,
  -- Which clients it goes to; of a list of clients, how many. Null: all of the company.
  filter json,
  expires_at timestamptz,
  requested_at timestamptz not null,
  -- The position of its request; lists are in this order.
  requested_position bigint not null,
  -- The domain's own aggregate, so that its rules decide the state here too; state and generation are copied from it.
  life json not null,
  state text not null,
  -- 1 for the request, one more for each retry.
  generation integer not null,
  -- Whether the first generation's audience is complete. No later generation adds anybody.
  audience_closed boolean not null default false,
  excluded json not null default '{}',
  cancelled_at timestamptz,
  -- Nothing is sent before this; copied from life, as are approval and decided_by.
  send_at timestamptz,
  begun_at timestamptz,
  -- Null: none is needed.
  approval text,
  decided_by uuid,
  decided_at timestamptz,
  -- Why it was rejected.
  rejection text,
  -- The people of all chunks so far.
  people bigint not null default 0,
  -- The position of the last event that changed the row.
  position bigint not null,
  constraint notification_is_requested_once primary key (notification_id)
-- Updated with every batch about it; no index has a changing column.
) with (fillfactor = 50);

-- The people of an audience. Only erasure changes a row.
create table recipients (
  notification_id uuid not null,
  ordinal integer not null,
  client_id uuid not null,
  contact_kind text not null,
  -- Name and address as sealed in the event, opened when a page shows them. Null once the client is erased.
  addressee bytea
);

-- The chunks of an audience, with the counts that let pages skip whole chunks.
create table chunks (
  notification_id uuid not null,
  chunk integer not null,
  people integer not null,
  -- How many members have no row in outcomes, and which they are: ranges such as 1-64,70.
  undecided integer not null,
  undecided_members text not null,
  accepted integer not null,
  delivered integer not null,
  -- The time and position of the event that froze it.
  at timestamptz not null,
  position bigint not null,
  constraint chunk_is_frozen_once primary key (notification_id, chunk)
) with (fillfactor = 50);

-- The states of deliveries that have one other than the first pending. Most rows are written once.
create table outcomes (
  notification_id uuid not null,
  ordinal integer not null,
  generation integer not null,
  attempt integer not null,
  -- pending only after a retry has reopened it.
  state text not null,
  -- The cause of the state, if there is one.
  class text,
  phase text,
  code text,
  observed text,
  provider text,
  reference text,
  until timestamptz,
  at timestamptz not null,
  -- The position of the last event about it.
  position bigint not null,
  -- Whether its history is in attempts: it has more than one entry, or one with details that this row lacks.
  listed boolean not null,
  -- Null for accepted and delivered ones: most rows have nothing of these three, and are in no index of them.
  -- The list over all notifications that it is in: its state, or discarded once a person has discarded its failure.
  exception text,
  -- Those of its notification.
  company_id uuid,
  requested_position bigint,
  constraint outcome_is_told_once primary key (notification_id, ordinal)
) with (fillfactor = 90);

-- What happened to a delivery, in order. A reopening by a retry is an entry with the outcome pending.
create table attempts (
  notification_id uuid not null,
  ordinal integer not null,
  generation integer not null,
  attempt integer not null,
  -- The state after it, or passed_on: a provider refused it and left it to another.
  outcome text not null,
  class text,
  phase text,
  code text,
  observed text,
  provider text,
  reference text,
  detail text,
  until timestamptz,
  at timestamptz not null,
  position bigint not null,
  -- Its place among the entries of its event about the delivery, from 0.
  step integer not null
);

-- Addresses that a retry has put in the place of those in the audience: the last of each delivery. A row is deleted once the
-- client is erased.
create table edited_addresses (
  notification_id uuid not null,
  ordinal integer not null,
  client_id uuid not null,
  address text not null,
  constraint edited_address_is_the_last primary key (notification_id, ordinal)
);

-- How many deliveries have the same state and cause; empty strings where the cause lacks a word. Pending deliveries are
-- not counted.
create table totals (
  notification_id uuid not null,
  state text not null,
  class text not null,
  phase text not null,
  code text not null,
  observed text not null,
  people bigint not null,
  constraint cause_is_counted_once primary key (notification_id, state, class, phase, code, observed)
) with (fillfactor = 50);

-- Erased clients, whose data must not be inserted again: a process may still have the destroyed key in its cache.
create table erased_clients (
  client_id uuid not null,
  constraint client_is_erased_once primary key (client_id)
);

-- A rebuild fills without the indexes by which erasures find rows. Data that was opened with cached keys is blanked
-- here, after the fill. The projector recognizes by the index recipients_by_client whether it must blank rows itself.
-- After the fill:
update recipients r set addressee = null from erased_clients e where r.client_id = e.client_id and r.addressee is not null;
update attempts a set detail = null from recipients r join erased_clients e using (client_id) where a.notification_id = r.notification_id and a.ordinal = r.ordinal and a.detail is not null;
alter table recipients add constraint recipient_has_one_place primary key (notification_id, ordinal);
create index recipients_by_client on recipients (client_id);
create unique index attempt_is_told_once on attempts (notification_id, ordinal, position, step);
-- The doubts that providers are asked about. It has no row of any other state.
create index outcomes_in_doubt on outcomes (at, notification_id, ordinal) where state = 'in_doubt';
delete from edited_addresses a using erased_clients e where a.client_id = e.client_id;
create index edited_addresses_by_client on edited_addresses (client_id);
create index edited_addresses_by_address on edited_addresses (lower(address));
create index outcomes_by_exception on outcomes (exception, requested_position, ordinal) where exception is not null;
create index outcomes_by_company on outcomes (company_id, exception, requested_position, ordinal) where exception is not null;
create index outcomes_by_state on outcomes (notification_id, state, ordinal) where state not in ('accepted', 'delivered');
-- For receipts that name no delivery of ours: 4.7 microseconds a row, as a hash index. A hash index takes more than 100 of
-- a provider that answers everybody with the same words, as many SMTP servers do; this takes 1.6.
create index outcomes_by_reference on outcomes (hashtext(reference)) where state = 'accepted';
create index notifications_by_company on notifications (company_id, requested_position);
create index notifications_by_request on notifications (requested_position);
