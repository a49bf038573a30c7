-- What all processes know of the providers. A provider is a channel and a name in the configuration; its id is computed from
-- both.

-- What its stream says of a provider that was ever paused or moved, written in the transaction of the event. Processes
-- that send follow it.
create table provider_switches (
  provider_id uuid primary key,
  is_paused boolean not null default false,
  -- The part of its turns that it gets, in percent.
  share integer not null default 100,
  -- When the share was moved last.
  moved_at timestamptz,
  -- How long an acceptance may take before it counts as slow, until the share is whole again.
  slow_after_ms integer,
  -- Above how many percent of late receipts they count as late, until the share is whole again.
  late_above_percent integer,
  constraint share_is_a_percentage check (share between 1 and 100)
);

-- The state of each provider in each process that sends, which repeats it about once a second. A row that is not repeated
-- expires: its process has ended. Worth nothing after a crash, so it is not logged.
create unlogged table provider_reports (
  process uuid not null,
  provider_id uuid not null,
  channel text not null,
  name text not null,
  state text not null,
  rests_until timestamptz,
  cause text,
  in_flight integer not null,
  -- The configured limit; 0: none.
  rate_per_second integer not null,
  sends_per_second double precision not null,
  -- By the clock of the database, so that the clocks of processes do not matter.
  reported_at timestamptz not null default clock_timestamp(),
  constraint process_reports_once primary key (process, provider_id),
  constraint provider_state_is_known check (state in ('ready', 'probing', 'resting'))
) with (fillfactor = 50);

-- How the sends of a provider ended, over all processes, by slots of five seconds. Rows older than what is shown are
-- deleted.
create table provider_figures (
  provider_id uuid not null,
  slot timestamptz not null,
  accepted bigint not null default 0,
  deferred bigint not null default 0,
  failed bigint not null default 0,
  suppressed bigint not null default 0,
  in_doubt bigint not null default 0,
  -- Provably not taken, and given to another provider in the same attempt.
  passed_on bigint not null default 0,
  -- How many acceptances took how long: the classes of domain::provider::AnswerTimes.
  answers bigint[] not null default '{}',
  -- Of how many accepted in this slot the provider has told in time what became of them.
  in_time bigint not null default 0,
  constraint slot_is_counted_once primary key (provider_id, slot)
) with (fillfactor = 50);
create index provider_figures_by_age on provider_figures (slot);
