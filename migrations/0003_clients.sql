-- One client for each external id of a company; erased clients have none. The id may be a national identity number, so
-- it is stored here only as a blind index.
create table client_external_ids (
  company_id uuid not null,
  external_index bytea not null,
  client_id uuid not null,
  constraint external_id_is_taken primary key (company_id, external_index),
  constraint client_has_one_external_id unique (client_id)
);
