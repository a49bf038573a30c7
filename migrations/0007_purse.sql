-- The purse of each company: what was sent of its limits, and what is promised to notifications that are not over.
-- Amounts are messages that a provider took or may have taken, the parts of these SMS, those that went to another country,
-- and their price in millionths of the configured currency. Messages without a known price are counted as unpriced.

-- One row a settlement and notification, written in the transaction of the settlement. Rows are only inserted; the
-- housekeeper adds them to the two tables below and deletes them.
create table send_usage (
  id bigint generated always as identity primary key,
  notification_id uuid not null,
  company_id uuid not null,
  channel text not null,
  at timestamptz not null,
  messages bigint not null,
  segments bigint not null,
  foreign_messages bigint not null,
  micros bigint not null,
  unpriced bigint not null
) with (autovacuum_vacuum_scale_factor = 0.02);

-- By quarters of an hour, of which every time zone's days are made.
create table company_usage (
  company_id uuid not null,
  channel text not null,
  quarter timestamptz not null,
  messages bigint not null,
  segments bigint not null,
  foreign_messages bigint not null,
  micros bigint not null,
  unpriced bigint not null,
  constraint quarter_is_counted_once primary key (company_id, channel, quarter)
) with (fillfactor = 50);

create table notification_usage (
  notification_id uuid primary key,
  messages bigint not null,
  segments bigint not null,
  foreign_messages bigint not null,
  micros bigint not null,
  unpriced bigint not null
) with (fillfactor = 50);

-- What notifications of companies with limits will take, written with their request. Their deliveries that have ended,
-- which send_totals counts, are subtracted. A row is deleted when its notification is over.
create table send_promises (
  notification_id uuid primary key,
  company_id uuid not null,
  channel text not null,
  -- When it begins: the limits of that day and month count.
  begins_at timestamptz not null,
  messages bigint not null,
  segments bigint not null,
  foreign_messages bigint not null,
  -- How many of those who have ended do not count: so many have ended when this was promised, without those who are sent to again,
  -- who had ended and will not have. It may be negative: the totals begin anew with each completion.
  ended_before bigint not null default 0,
  -- The last generation to which something was promised. Until its notification has completed it, the promise stays.
  generation integer not null default 1,
  -- How many people the last retry of all that failed is for, and its generation. Those who are not reopened yet have ended,
  -- and will not have.
  retried bigint not null default 0,
  retried_generation integer not null default 0
);
create index send_promises_by_company on send_promises (company_id, channel);

-- The parts of a limit, in percent, that the people of a company were told of, once each period. A limit that is changed
-- is another: of its parts they are told again.
create table limit_alerts (
  company_id uuid not null,
  limit_name text not null,
  limit_value bigint not null,
  period_begins timestamptz not null,
  percent integer not null,
  constraint people_are_told_once primary key (company_id, limit_name, limit_value, period_begins, percent)
);

-- The deliveries of the last hour to an address, for companies with a limit an hour and address. The address is a blind
-- index. The housekeeper deletes what is older than an hour.
create table recent_addresses (
  company_id uuid not null,
  channel text not null,
  address bytea not null,
  -- In the order of their times.
  deliveries uuid[] not null,
  times timestamptz[] not null,
  last_at timestamptz not null,
  -- The limit as of the last message; 0 for an alarm, which counts and is never refused.
  per_hour integer not null,
  constraint address_has_one_row primary key (company_id, channel, address)
) with (fillfactor = 70);
create index recent_addresses_by_age on recent_addresses (last_at);

-- The calendars of limits a second, over all processes: by limit, the moments around now at which a provider is or was given a
-- message under it, in microseconds since 1970 on the database's clock. Not logged: after a crash of the database they are begun
-- anew, and open a second later. A process that begins one deletes those that were not written for an hour.
create unlogged table send_slots (
  name text primary key,
  -- Raised by each write.
  version bigint not null,
  -- No slot is before this.
  opens_at bigint not null,
  times bigint[] not null,
  used_at timestamptz not null default now()
) with (fillfactor = 25, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
