-- Orders of rebuilds, so that one process can order a rebuild and another one execute it.
create table projection_rebuilds (
  rebuild_id uuid not null default gen_random_uuid(),
  name text not null,
  requested_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  -- The filled position, and the position to reach.
  position bigint not null default 0,
  target bigint not null default 0,
  -- How many facts are filled in: an event about many people counts once for each of them.
  facts bigint not null default 0,
  -- Why it was given up; null while it runs and if it succeeded.
  failure text,
  constraint rebuild_is_known primary key (rebuild_id)
);
-- A second order of the same projection is the first one.
create unique index projection_is_rebuilt_once_at_a_time on projection_rebuilds (name) where finished_at is null;
create index projection_rebuilds_by_request on projection_rebuilds (name, requested_at);
