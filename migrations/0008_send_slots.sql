-- The slots of sends under a limit, over all processes: the next one of each limit, in microseconds since 1970 on the
-- database's clock. Not logged: after a crash of the database slots begin anew, later than those that were given.
create unlogged table send_slots (
  name text primary key,
  next_at bigint not null,
  -- How long the slots of the last reservation are together.
  taken bigint not null
) with (fillfactor = 50);
