-- Messages as users see them: inboxes, counts, sent messages and their receipts.

-- A row a message, for its author and all its recipients.
create table sent_messages (
  message_id uuid not null,
  author_id uuid not null,
  body text not null,
  -- The body in searchable form: lower case, without accents.
  search text not null,
  created_at timestamptz not null,
  priority text not null,
  acknowledge boolean not null,
  in_reply_to uuid,
  recipients bigint not null,
  read bigint not null default 0,
  acknowledged bigint not null default 0,
  withdrawn_at timestamptz,
  -- The position of the event that sent it.
  position bigint not null,
  constraint message_is_sent_once primary key (message_id)
);

-- A recipient's side of a message. The body is in sent_messages, once for five thousand recipients.
create table received (
  user_id uuid not null,
  message_id uuid not null,
  position bigint not null,
  author_id uuid not null,
  seen_at timestamptz,
  read_at timestamptz,
  acknowledged_at timestamptz,
  deleted_at timestamptz,
  -- The message comes first: its recipients are found by it too, and new messages are together at the end of the index.
  constraint message_is_received_once primary key (message_id, user_id)
);

create view inbox_items as
select r.user_id, r.message_id, r.position, r.author_id, m.body, m.search, m.created_at, m.priority, m.acknowledge,
       m.in_reply_to, r.seen_at, r.read_at, r.acknowledged_at, r.deleted_at
from received r
join sent_messages m using (message_id);

create table inbox_counts (
  user_id uuid not null,
  unseen bigint not null,
  unread bigint not null,
  total bigint not null,
  -- The position of the last event that changed them.
  position bigint not null,
  constraint inbox_is_counted_once primary key (user_id)
-- Updated with every message. Pages keep room and no index has a changing column, so that an update touches no index.
) with (fillfactor = 50);

-- The last read-all of each user: a message marked unread before it was known stays read.
create table inbox_reads (
  user_id uuid not null,
  position bigint not null,
  up_to bigint not null,
  constraint inbox_is_read_once primary key (user_id)
);

-- Updates for the live streams of authors. One read-all is many rows of one position.
create table receipt_log (
  position bigint not null,
  message_id uuid not null,
  user_id uuid not null,
  author_id uuid not null,
  kind text not null,
  at timestamptz not null,
  constraint receipt_is_logged_once primary key (position, message_id, user_id)
);

-- Updates for the live streams of recipients: a message left the inbox because its author withdrew it.
create table withdrawals (
  user_id uuid not null,
  position bigint not null,
  message_id uuid not null,
  constraint withdrawal_is_told_once primary key (user_id, position)
);

-- All rows of receipt_log and withdrawals up to this position were deleted; one row.
create table receipt_horizon (
  position bigint not null,
  pruned_on date not null,
  only_one boolean primary key default true check (only_one)
);
insert into receipt_horizon (position, pruned_on) values (0, '1970-01-01');

-- The projector itself needs this index, during a rebuild too: a read-all finds its items by it.
create index received_unread on received (user_id, position) where deleted_at is null and read_at is null;
create index received_deleted_unread on received (user_id, position) where deleted_at is not null and read_at is null;

-- After the fill:
create index sent_by_author on sent_messages (author_id, position) where withdrawn_at is null;
create index sent_by_position on sent_messages (position);
create index received_by_user on received (user_id, position) where deleted_at is null;
create index received_read on received (user_id, position) where deleted_at is null and read_at is not null;
create index received_unseen on received (user_id, position) where deleted_at is null and seen_at is null;
create index received_by_author on received (user_id, author_id, position) where deleted_at is null;
-- Rows are inserted in the order of their times, and searched by time only once a day, to delete old ones.
create index receipt_log_by_age on receipt_log using brin (at) with (autosummarize = on);
