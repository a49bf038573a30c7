-- Workers with their roles and companies.

create table users (
  user_id uuid not null,
  -- Null once the person is erased.
  name text,
  email text,
  phone text,
  roles text[] not null,
  companies uuid[] not null,
  active boolean not null,
  -- Name and address in searchable form: lower case, without accents.
  search text not null,
  registered_position bigint not null,
  position bigint not null,
  constraint user_is_registered_once primary key (user_id)
);

-- After the fill:
create index users_by_registration on users (registered_position);
create index users_by_role on users using gin (roles);
create index users_by_company on users using gin (companies);
