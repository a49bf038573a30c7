-- Answers come in the order of their times and are looked for by age every ten minutes only, to forget them: an entry a
-- range of pages does for that, instead of one an answer.
drop index command_log_by_age;
create index command_log_by_age on command_log using brin (created_at) with (autosummarize = on);
