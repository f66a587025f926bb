-- Up Migration
create table clients (
  id bigint generated always as identity primary key,
  email text not null,
  full_name text not null check (length(full_name) between 1 and 200),
  phone text,
  notes text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint clients_email_has_at check (position('@' in email) > 1)
);
create unique index clients_email_key on clients (lower(email));
create index clients_full_name_idx on clients (full_name);

comment on table clients is 'People who book sessions at this studio.';
comment on column clients.email is 'Unique whatever its case.';
comment on column clients.notes is 'Written by the studio, never shown to the client.';

-- Down Migration
drop table clients;
