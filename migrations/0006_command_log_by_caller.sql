-- How far a caller has written, for any process: a read waits until it can show that. Every write over HTTP leaves a row.
create index command_log_by_caller on command_log (caller, last_position desc);
