-- The first answer to every command with an idempotency key, written in the same transaction as its events.
create table command_log (
  command_id uuid not null,
  caller uuid not null,
  -- A keyed hash of the request: passwords and telephone numbers could be tried against a plain one.
  fingerprint bytea not null,
  answer json not null,
  last_position bigint not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint command_was_answered_already primary key (command_id)
);
-- Answers are inserted in the order of their times, and searched by age only to delete old ones every ten minutes: one
-- index entry for a range of pages is enough.
create index command_log_by_age on command_log using brin (created_at) with (autosummarize = on);
-- The last position that a caller has written, for any process: a read of the caller waits until views have reached it.
-- Every write over HTTP has a row.
create index command_log_by_caller on command_log (caller, last_position desc);
