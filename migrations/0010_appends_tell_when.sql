-- Appending tells when: every event of a call has one time, read under the ledger's lock and given back, so that the
-- program that appended knows its events as a reader of the table would.

create function append_stamped(
  aggregate_types text[], aggregate_ids text[], sequences bigint[], event_types text[], event_versions text[],
  payloads text[], metadatas text[], event_ids uuid[], command_ids uuid[],
  key_ids uuid[], wrapped_keys bytea[],
  answered_ids uuid[], callers uuid[], fingerprints bytea[], answers text[], last_rows bigint[],
  out first bigint, out last bigint, out stamp timestamptz
) language plpgsql as $$
declare
  head bigint;
begin
  if cardinality(key_ids) > 0 then
    insert into keys (key_id, wrapped) select * from unnest(key_ids, wrapped_keys);
  end if;
  perform lock_ledger();
  select coalesce(max(position), 0) into head from events;
  first := head + 1;
  last := head + cardinality(aggregate_types);
  stamp := clock_timestamp();
  insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                      event_id, command_id, position, recorded_at)
  select r.aggregate_type, r.aggregate_id, r.sequence, r.event_type, r.event_version, r.payload::json,
         r.metadata::json, r.event_id, r.command_id, head + r.row, stamp
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
end
$$;

-- What settle_deliveries did, and tells what append_stamped tells; nulls without events.
create function settle_stamped(
  deliveries uuid[], generations integer[], epochs bigint[], states text[], due_ats timestamptz[], attempts integer[],
  stream_ends bigint[], first_attempts timestamptz[], eventful boolean[],
  aggregate_types text[], aggregate_ids text[], sequences bigint[], event_types text[], event_versions text[],
  payloads text[], metadatas text[], event_ids uuid[], command_ids uuid[],
  key_ids uuid[], wrapped_keys bytea[],
  answered_ids uuid[], callers uuid[], fingerprints bytea[], answers text[], last_rows bigint[],
  out first bigint, out last bigint, out stamp timestamptz
) language plpgsql as $$
declare
  touched bigint[];
begin
  with gone as (
    delete from send_queue q
    using unnest(deliveries, generations, epochs, states, due_ats)
          with ordinality as s (delivery_id, generation, epoch, state, due_at, row)
    where s.due_at is null
      and q.delivery_id = s.delivery_id and q.generation = s.generation and q.epoch = s.epoch
      and (s.state is null or q.state = s.state)
    returning s.row
  ), back as (
    -- A new epoch, so that whoever still believes to have the row in hand can neither mark nor settle it.
    update send_queue q
    set state = 'waiting', epoch = q.epoch + 1, owner = null, provider = null,
        due_at = s.due_at, attempt = s.attempt, sequence = s.stream_end,
        first_attempt_at = coalesce(q.first_attempt_at, s.first_attempt_at)
    from unnest(deliveries, generations, epochs, states, due_ats, attempts, stream_ends, first_attempts)
         with ordinality as s (delivery_id, generation, epoch, state, due_at, attempt, stream_end, first_attempt_at, row)
    where s.due_at is not null
      and q.delivery_id = s.delivery_id and q.generation = s.generation and q.epoch = s.epoch
      and (s.state is null or q.state = s.state)
    returning s.row
  )
  select array_agg(t.row) into touched
  from (select gone.row from gone union all select back.row from back) t;

  if coalesce(cardinality(touched), 0) < cardinality(deliveries) then
    select array_agg(e.aggregate_type order by e.nth), array_agg(e.aggregate_id order by e.nth),
           array_agg(e.sequence order by e.nth), array_agg(e.event_type order by e.nth),
           array_agg(e.event_version order by e.nth), array_agg(e.payload order by e.nth),
           array_agg(e.metadata order by e.nth), array_agg(e.event_id order by e.nth),
           array_agg(e.command_id order by e.nth)
    into aggregate_types, aggregate_ids, sequences, event_types, event_versions, payloads, metadatas, event_ids,
         command_ids
    from unnest(aggregate_types, aggregate_ids, sequences, event_types, event_versions, payloads, metadatas, event_ids,
                command_ids)
         with ordinality as e (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                               event_id, command_id, nth)
    join (select f.row, row_number() over (order by f.row) as nth
          from unnest(eventful) with ordinality as f (has_event, row)
          where f.has_event) f using (nth)
    where f.row = any (touched);
  end if;

  if coalesce(cardinality(aggregate_types), 0) = 0 then
    return;
  end if;
  select a.first, a.last, a.stamp into first, last, stamp
  from append_stamped(aggregate_types, aggregate_ids, sequences, event_types, event_versions, payloads, metadatas,
                      event_ids, command_ids, key_ids, wrapped_keys, answered_ids, callers, fingerprints, answers,
                      last_rows) a;
end
$$;

-- What programs of the version before call, until they are gone.
create or replace function append_events(
  aggregate_types text[], aggregate_ids text[], sequences bigint[], event_types text[], event_versions text[],
  payloads text[], metadatas text[], event_ids uuid[], command_ids uuid[],
  key_ids uuid[], wrapped_keys bytea[],
  answered_ids uuid[], callers uuid[], fingerprints bytea[], answers text[], last_rows bigint[]
) returns bigint language sql as $$
  select first - 1
  from append_stamped(aggregate_types, aggregate_ids, sequences, event_types, event_versions, payloads, metadatas,
                      event_ids, command_ids, key_ids, wrapped_keys, answered_ids, callers, fingerprints, answers,
                      last_rows)
$$;

create or replace function settle_deliveries(
  deliveries uuid[], generations integer[], epochs bigint[], states text[], due_ats timestamptz[], attempts integer[],
  stream_ends bigint[], first_attempts timestamptz[], eventful boolean[],
  aggregate_types text[], aggregate_ids text[], sequences bigint[], event_types text[], event_versions text[],
  payloads text[], metadatas text[], event_ids uuid[], command_ids uuid[],
  key_ids uuid[], wrapped_keys bytea[],
  answered_ids uuid[], callers uuid[], fingerprints bytea[], answers text[], last_rows bigint[]
) returns bigint language sql as $$
  select last
  from settle_stamped(deliveries, generations, epochs, states, due_ats, attempts, stream_ends, first_attempts, eventful,
                      aggregate_types, aggregate_ids, sequences, event_types, event_versions, payloads, metadatas,
                      event_ids, command_ids, key_ids, wrapped_keys, answered_ids, callers, fingerprints, answers,
                      last_rows)
$$;
