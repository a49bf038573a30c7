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
  recorded_at timestamptz not null default clock_timestamp(),
  constraint event_sequence_is_taken primary key (aggregate_type, aggregate_id, sequence),
  constraint event_position_is_taken unique (position),
  constraint event_sequence_starts_at_zero check (sequence >= 0),
  constraint event_fits_the_broker check (octet_length(payload::text) <= 655360)
);
-- Large payloads are ciphertext in base64: compressing them takes the time of the whole append and saves little.
alter table events alter column payload set storage external;

-- The id of this log in streams and subjects, so that several logs may share one broker.
create table ledger (
  id uuid not null default gen_random_uuid(),
  -- Sealed under the master key at the first start: another key is refused, because it could not open the history.
  master_key_proof bytea,
  only_one boolean primary key default true check (only_one)
);
insert into ledger default values;

-- Keys that personal data in events is sealed under, each wrapped by the master key. A destroyed key keeps its row, so
-- that it is not created again: everything sealed under it stays erased.
create table keys (
  key_id uuid not null,
  wrapped bytea,
  created_at timestamptz not null default clock_timestamp(),
  destroyed_at timestamptz,
  constraint key_exists_already primary key (key_id),
  constraint key_is_whole_or_destroyed check ((wrapped is null) = (destroyed_at is not null))
);

-- Positions are dense because they are read under this lock, in a statement after the one that takes it: only then is
-- the snapshot new enough to see the last commit.
create function lock_ledger() returns void language sql as $$
  select pg_advisory_xact_lock(7305808883231126889)
$$;

-- The input of one append: events in order, new keys, and the first answers to the commands. JSON travels as text.
-- `last_row` is the ordinal of the answered command's last event.
create type event_row as (
  aggregate_type text,
  aggregate_id text,
  sequence bigint,
  event_type text,
  event_version text,
  payload text,
  metadata text,
  event_id uuid
);
create type key_row as (
  key_id uuid,
  wrapped bytea
);
create type answer_row as (
  command_id uuid,
  caller uuid,
  fingerprint bytea,
  answer text,
  last_row bigint
);

-- The one function that appends. Returns the first and the last position and the one time of all events of the call,
-- read under the ledger's lock, so that the caller's copies of the events equal the table's. It checks nothing:
-- conflicts are left to the constraints, because planning a check costs more than the whole append.
create function append_events(
  new_events event_row[], new_keys key_row[], answers answer_row[],
  out first bigint, out last bigint, out stamp timestamptz
) language plpgsql as $$
declare
  head bigint;
begin
  if cardinality(new_keys) > 0 then
    insert into keys (key_id, wrapped) select k.key_id, k.wrapped from unnest(new_keys) k;
  end if;
  perform lock_ledger();
  select coalesce(max(position), 0) into head from events;
  first := head + 1;
  last := head + cardinality(new_events);
  stamp := clock_timestamp();
  insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                      event_id, position, recorded_at)
  select e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version, e.payload::json,
         e.metadata::json, e.event_id, head + e.row, stamp
  from unnest(new_events)
       with ordinality as e (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                             event_id, row);
  if cardinality(answers) > 0 then
    insert into command_log (command_id, caller, fingerprint, answer, last_position)
    select a.command_id, a.caller, a.fingerprint, a.answer::json, head + a.last_row
    from unnest(answers) a;
  end if;
end
$$;

-- Gives a position to rows of a plain INSERT, such as those of the stock repository.
create function give_position() returns trigger language plpgsql as $$
begin
  perform lock_ledger();
  select coalesce(max(position), 0) + 1 into new.position from events;
  return new;
end
$$;
create trigger give_position before insert on events
  for each row when (new.position is null) execute function give_position();

-- Events are only added, never changed.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% are append-only: % refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end
$$;
create trigger events_are_append_only before update or delete or truncate on events
  for each statement execute function refuse_change();
