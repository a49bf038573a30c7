-- The first answer to every command that may be asked twice, written in the same transaction as its events.
create table command_log (
  command_id uuid not null,
  caller uuid not null,
  -- A keyed hash of the request: against a plain one, passwords and telephone numbers could be tried.
  fingerprint bytea not null,
  answer json not null,
  last_position bigint not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint command_was_answered_already primary key (command_id)
);
-- Answers come in the order of their times and are looked for by age every ten minutes only, to forget them: one entry a
-- range of pages does for that, instead of one an answer.
create index command_log_by_age on command_log using brin (created_at) with (autosummarize = on);
-- How far a caller has written, for any process: a read waits until it can show that. Every write over HTTP leaves a row.
create index command_log_by_caller on command_log (caller, last_position desc);
