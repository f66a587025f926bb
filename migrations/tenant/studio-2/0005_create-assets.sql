-- Up Migration
create table assets (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('image', 'video', 'document', 'other')),
  file_name text not null check (length(file_name) between 1 and 255),
  media_type text not null check (media_type like '%/%'),
  size_bytes bigint not null check (size_bytes >= 0),
  storage_key text not null unique,
  checksum_sha256 text not null check (checksum_sha256 ~ '^[0-9a-f]{64}$'),
  client_id bigint references clients (id) on delete set null,
  session_id bigint references sessions (id) on delete set null,
  created_at timestamptz not null default now()
);
create index assets_client_id_idx on assets (client_id) where client_id is not null;
create index assets_session_id_idx on assets (session_id) where session_id is not null;
create index assets_created_at_idx on assets (created_at desc);

comment on table assets is 'Files of the studio; the bytes themselves are in object storage.';
comment on column assets.storage_key is 'Where the bytes are.';

-- Down Migration
drop table assets;
