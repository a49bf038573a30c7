-- Log-ins, sessions and tokens. Hashes and tokens never enter an event. E-mail addresses are stored here only as blind
-- indexes.
create table credentials (
  user_id uuid primary key,
  email_index bytea not null,
  password_hash text not null,
  active boolean not null default true,
  constraint email_is_taken unique (email_index)
);

create table sessions (
  token_hash bytea primary key,
  user_id uuid not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index sessions_by_user on sessions (user_id);
create index sessions_by_expiry on sessions (expires_at);

create table api_tokens (
  token_id uuid primary key,
  token_hash bytea not null,
  user_id uuid not null,
  created_at timestamptz not null,
  constraint api_token_is_taken unique (token_hash)
);
create index api_tokens_by_user on api_tokens (user_id);
