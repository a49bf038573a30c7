-- Who did what, when, to whom, with which result: an entry for every event, without personal data.

create table audit_entries (
  position bigint not null,
  at timestamptz not null,
  actor_id uuid,
  type text not null,
  subject_type text not null,
  -- One of the two: known subjects have a UUID, unknown ones may have any id.
  subject_id uuid,
  subject_text text,
  company_id uuid,
  channel text,
  result text not null,
  -- A JSON object, stored as text, because PostgreSQL would parse a JSON column again for every entry.
  summary text not null,
  correlation_id uuid,
  -- False for receipts of messages, chunks of audiences and outcomes of deliveries, which follow from deeds and are most
  -- of the log.
  deed boolean not null
);

-- The channel of each notification, which the outcomes of its deliveries do not repeat.
create table notification_channels (
  notification_id uuid not null,
  channel text not null,
  constraint notification_has_one_channel primary key (notification_id)
);

-- A duplicate entry would fail the rebuild: no batch is projected twice.
-- After the fill:
create unique index event_is_audited_once on audit_entries (position);
create index audit_by_actor on audit_entries (actor_id, position) where actor_id is not null;
create index audit_by_company on audit_entries (company_id, position) where company_id is not null;
create index audit_by_type on audit_entries (type, position);
create index audit_by_subject on audit_entries (subject_id, position) where subject_id is not null;
create index audit_by_subject_text on audit_entries (subject_text, position) where subject_text is not null;
create index audit_by_time on audit_entries (at, position);
create index audit_deeds on audit_entries (position) where deed;
