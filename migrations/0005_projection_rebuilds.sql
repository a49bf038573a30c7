-- Orders to build a projection anew, so that one process may ask and another one do it.
create table projection_rebuilds (
  rebuild_id uuid not null default gen_random_uuid(),
  name text not null,
  requested_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  -- How far it is, and how far it has to go.
  position bigint not null default 0,
  target bigint not null default 0,
  -- How many facts are filled in: an event about many people is as many.
  facts bigint not null default 0,
  -- Why it was given up; none while it runs and if it went well.
  failure text,
  constraint rebuild_is_known primary key (rebuild_id)
);
-- Asked twice, it is the same one.
create unique index projection_is_rebuilt_once_at_a_time on projection_rebuilds (name) where finished_at is null;
create index projection_rebuilds_by_request on projection_rebuilds (name, requested_at);
