-- Templates and their versions.

create table templates (
  template_id uuid not null,
  -- Null: every company may use it.
  company_id uuid,
  channel text not null,
  -- The number of the last version.
  version integer not null,
  created_at timestamptz not null,
  created_position bigint not null,
  position bigint not null,
  constraint template_is_created_once primary key (template_id)
);

-- A version never changes.
create table template_versions (
  template_id uuid not null,
  version integer not null,
  name text not null,
  category text not null,
  subject text,
  body text not null,
  -- Whether the text was made of the HTML.
  body_is_derived boolean not null,
  -- As it was written.
  html text,
  variables json not null,
  author_id uuid not null,
  at timestamptz not null,
  constraint version_is_added_once primary key (template_id, version)
);

-- After the fill:
create index templates_by_creation on templates (created_position);
