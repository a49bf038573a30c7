-- Companies, their clients, and the contacts of each client.

create table companies (
  company_id uuid not null,
  name text not null,
  country text not null,
  time_zone text not null,
  -- Where its logo is.
  logo_url text,
  -- Those that are set, by name.
  limits json not null,
  registered_position bigint not null,
  position bigint not null,
  constraint company_is_registered_once primary key (company_id)
);

create table clients (
  client_id uuid not null,
  company_id uuid not null,
  external_id text,
  name text not null,
  locale text not null,
  time_zone text not null,
  -- The client's own columns: a text by each name.
  columns json not null,
  -- The names, numbers and addresses of client and contacts in searchable form: lower case, without accents.
  search text not null,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  registered_position bigint not null,
  position bigint not null,
  constraint client_is_registered_once primary key (client_id)
);

create table contacts (
  client_id uuid not null,
  ordinal integer not null,
  company_id uuid not null,
  kind text not null,
  name text not null,
  phone text,
  phone_index bytea,
  -- Whether an SMS can reach the phone, by its numbering plan.
  takes_sms boolean not null,
  email text,
  email_index bytea,
  -- Those of the client: audiences are filtered by them without a join.
  locale text not null,
  time_zone text not null,
  constraint contact_has_its_place primary key (client_id, ordinal)
);

-- The blind indexes of addresses that clients had and gave up. Deliveries of before are found by them.
create table former_addresses (
  client_id uuid not null,
  address_index bytea not null,
  constraint former_address_is_known_once primary key (client_id, address_index)
);

-- The suppressions in force. Their addresses are read from the log, so that nothing is to be erased here.
create table suppressions (
  suppression_id uuid not null,
  company_id uuid not null,
  channel text not null,
  cause text not null,
  actor_id uuid,
  added_at timestamptz not null,
  -- The position of the event that added it; lists go by it.
  position bigint not null,
  constraint suppression_is_added_once primary key (suppression_id)
);

-- The names of the own columns that clients of a company have or had. Templates may name them.
create table own_columns (
  company_id uuid not null,
  name text not null,
  constraint own_column_is_known_once primary key (company_id, name)
);

-- After the fill:
create index companies_by_registration on companies (registered_position);
create index clients_by_company on clients (company_id, registered_position);
create index former_addresses_by_address on former_addresses (address_index);
create index suppressions_by_company on suppressions (company_id, position);
create index suppressions_by_position on suppressions (position);
create index contacts_by_phone on contacts (company_id, phone_index) where phone_index is not null;
create index contacts_by_email on contacts (company_id, email_index) where email_index is not null;
