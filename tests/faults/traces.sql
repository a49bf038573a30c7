-- What is done to the chunks of this database, in the order of the locks: read by traces.rs.
create table trace_rows (
  n bigint generated always as identity primary key,
  xact xid8 not null default pg_current_xact_id(),
  word text not null,
  notification_id uuid,
  chunk integer,
  epoch bigint,
  owner uuid,
  -- How many people the chunk of a queued task has.
  people integer,
  generation integer,
  attempt integer,
  members text,
  sequence bigint
);

create function trace_task() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into trace_rows (word, notification_id, chunk, people)
    values ('queued', new.notification_id, new.chunk, new.chunk_people);
  elsif tg_op = 'DELETE' then
    insert into trace_rows (word, notification_id, chunk) values ('finished', old.notification_id, old.chunk);
  elsif new.epoch <> old.epoch then
    insert into trace_rows (word, notification_id, chunk, epoch, owner)
    values (case when new.owner is null then 'requeued' else 'claimed' end, new.notification_id, new.chunk, new.epoch,
            new.owner);
  end if;
  return null;
end $$;
create trigger trace_task after insert or update or delete on send_tasks for each row execute function trace_task();

create function trace_start() returns trigger language plpgsql as $$
begin
  insert into trace_rows (word, notification_id, chunk, epoch, owner, generation, attempt, members)
  select case when new.is_started then 'marked' else 'unsent' end, new.notification_id, new.chunk, new.epoch, t.owner,
         new.generation, new.attempt, new.members
  from (select 1) one left join send_tasks t on t.notification_id = new.notification_id and t.chunk = new.chunk;
  return null;
end $$;
create trigger trace_start after insert on send_starts for each row execute function trace_start();

create function trace_owner() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or (new.is_fenced and not old.is_fenced) then
    insert into trace_rows (word, owner) values ('fenced', old.owner);
  end if;
  return null;
end $$;
create trigger trace_owner after update or delete on send_owners for each row execute function trace_owner();

create function trace_event() returns trigger language plpgsql as $$
begin
  insert into trace_rows (word, notification_id, chunk, sequence)
  values ('event', split_part(new.aggregate_id, ':', 1)::uuid, split_part(new.aggregate_id, ':', 2)::integer, new.sequence);
  return null;
end $$;
create trigger trace_event after insert on events for each row when (new.aggregate_type = 'deliveries')
execute function trace_event();
