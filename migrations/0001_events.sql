-- The log of events: the only copy of business history. The columns up to metadata are postgres-es's own, so its stock
-- repository still works on this table.
create table events (
  aggregate_type text not null,
  aggregate_id text not null,
  sequence bigint not null,
  event_type text not null,
  event_version text not null,
  payload json not null,
  metadata json not null,
  position bigint not null,
  event_id uuid not null default gen_random_uuid(),
  command_id uuid,
  recorded_at timestamptz not null default clock_timestamp(),
  constraint event_sequence_is_taken primary key (aggregate_type, aggregate_id, sequence),
  constraint event_position_is_taken unique (position),
  constraint event_sequence_starts_at_zero check (sequence >= 0),
  constraint event_fits_the_broker check (octet_length(payload::text) <= 524288)
);

-- Names this log in streams and subjects, so that several logs may share one broker.
create table ledger (
  id uuid not null default gen_random_uuid(),
  -- Sealed under the master key at the first start: another key is refused, since it would make history unreadable.
  master_key_proof bytea,
  only_one boolean primary key default true check (only_one)
);
insert into ledger default values;

-- Keys that personal data in events is sealed under, each wrapped by the master key. A destroyed key keeps its row, so
-- that nobody makes it again: what it sealed stays erased.
create table keys (
  key_id uuid not null,
  wrapped bytea,
  created_at timestamptz not null default clock_timestamp(),
  destroyed_at timestamptz,
  constraint key_exists_already primary key (key_id),
  constraint key_is_whole_or_destroyed check ((wrapped is null) = (destroyed_at is not null))
);

-- The first answer to every command that may be asked twice, written in the same transaction as its events.
create table command_log (
  command_id uuid not null,
  caller uuid not null,
  fingerprint bytea not null,
  answer json not null,
  last_position bigint not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint command_was_answered_already primary key (command_id)
);
create index command_log_by_age on command_log (created_at);

-- Positions are dense because they are read under this lock, in a statement after the one that takes it: only then is
-- the snapshot new enough to see the last commit.
create function lock_ledger() returns void language sql as $$
  select pg_advisory_xact_lock(7305808883231126889)
$$;

-- Appends rows in the order given and returns the position before the first. Plain on purpose: conflicts are left to
-- the constraints, since checks in here cost more to plan than the whole append.
create function append_events(
  aggregate_types text[], aggregate_ids text[], sequences bigint[], event_types text[], event_versions text[],
  payloads text[], metadatas text[], event_ids uuid[], command_ids uuid[],
  key_ids uuid[], wrapped_keys bytea[],
  answered_ids uuid[], callers uuid[], fingerprints bytea[], answers text[], last_rows bigint[]
) returns bigint language plpgsql as $$
declare
  head bigint;
begin
  if cardinality(key_ids) > 0 then
    insert into keys (key_id, wrapped) select * from unnest(key_ids, wrapped_keys);
  end if;
  perform lock_ledger();
  select coalesce(max(position), 0) into head from events;
  insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                      event_id, command_id, position)
  select r.aggregate_type, r.aggregate_id, r.sequence, r.event_type, r.event_version, r.payload::json,
         r.metadata::json, r.event_id, r.command_id, head + r.row
  from unnest(aggregate_types, aggregate_ids, sequences, event_types, event_versions, payloads, metadatas, event_ids,
              command_ids)
       with ordinality as r (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                             event_id, command_id, row);
  if cardinality(answered_ids) > 0 then
    insert into command_log (command_id, caller, fingerprint, answer, last_position)
    select a.command_id, a.caller, a.fingerprint, a.answer::json, head + a.last_row
    from unnest(answered_ids, callers, fingerprints, answers, last_rows)
         as a (command_id, caller, fingerprint, answer, last_row);
  end if;
  return head;
end
$$;

-- Rows that come by a plain INSERT, such as the stock repository's, get their position here.
create function give_position() returns trigger language plpgsql as $$
begin
  perform lock_ledger();
  select coalesce(max(position), 0) + 1 into new.position from events;
  return new;
end
$$;
create trigger give_position before insert on events
  for each row when (new.position is null) execute function give_position();

-- History is added to, never changed.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'events are append-only: % refused', tg_op using errcode = 'insufficient_privilege';
end
$$;
create trigger events_are_append_only before update or delete or truncate on events
  for each statement execute function refuse_change();
