-- What was told to clients: notifications with their totals, deliveries with their attempts, failures by cause.

create table notifications (
  notification_id uuid not null,
  company_id uuid not null,
  author_id uuid not null,
  channel text not null,
  recipient_kind text not null,
  category text not null,
  subject text,
  body text not null,
  expires_at timestamptz,
  requested_at timestamptz not null,
  -- Of the event that asked for it; lists go by it.
  requested_position bigint not null,
  -- 1 for the request, one more for each retry; the audience of the last one is open until closed_generation reaches it.
  generation integer not null,
  closed_generation integer not null default 0,
  excluded json not null default '{}',
  -- Once it is cancelled it stays so, whatever is left of it.
  cancelled_at timestamptz,
  accepted bigint not null default 0,
  delivered bigint not null default 0,
  deferred bigint not null default 0,
  failed bigint not null default 0,
  suppressed bigint not null default 0,
  in_doubt bigint not null default 0,
  cancelled bigint not null default 0,
  pending bigint not null default 0,
  total bigint not null generated always as (
    case when closed_generation > 0
      then accepted + delivered + deferred + failed + suppressed + in_doubt + cancelled + pending
      else 0
    end) stored,
  audience_closed boolean not null generated always as (closed_generation > 0) stored,
  state text not null generated always as (
    case
      when cancelled_at is not null then 'cancelled'
      when closed_generation < generation then 'resolving'
      when pending + deferred > 0 then 'running'
      else 'completed'
    end) stored,
  -- Of the last event that changed anything here.
  position bigint not null,
  constraint notification_is_requested_once primary key (notification_id)
);

create table deliveries (
  delivery_id uuid not null,
  notification_id uuid not null,
  company_id uuid not null,
  client_id uuid not null,
  client_name text,
  contact_kind text not null,
  contact_name text,
  address text,
  address_index bytea,
  channel text not null,
  state text not null,
  generation integer not null,
  -- Why it stands where it stands, if there is a reason.
  class text,
  code text,
  position bigint not null,
  constraint recipient_is_told_once primary key (delivery_id)
);

create table attempts (
  delivery_id uuid not null,
  generation integer not null,
  number integer not null,
  at timestamptz not null,
  provider text,
  outcome text not null,
  class text,
  code text,
  detail text,
  reference text,
  until timestamptz,
  position bigint not null
);

-- How many deliveries stand where they stand for the same reason.
create table delivery_stats (
  notification_id uuid not null,
  outcome text not null,
  class text not null,
  code text not null,
  deliveries bigint not null,
  constraint cause_is_counted_once primary key (notification_id, outcome, class, code)
);

-- Whose data must not come in again: a process may still remember the key of somebody who was just erased.
create table erased_clients (
  client_id uuid not null,
  constraint client_is_erased_once primary key (client_id)
);

-- What the projector itself looks for, so needed while a rebuild fills: what is said of somebody who is erased.
create index deliveries_by_client on deliveries (client_id);
create index attempts_with_detail on attempts (delivery_id) where detail is not null;

-- After the fill:
create unique index attempt_is_settled_once on attempts (delivery_id, position);
create index notifications_by_company on notifications (company_id, requested_position);
create index notifications_by_request on notifications (requested_position);
create index notifications_by_position on notifications (position);
create index deliveries_by_state on deliveries (notification_id, state, delivery_id);
