-- Up Migration
create function set_updated_at() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
begin
  new.updated_at := now();
  return new;
end;
$$;

create trigger clients_set_updated_at
  before update on clients
  for each row execute function set_updated_at();

comment on function set_updated_at() is 'Notes when a row was last changed.';

-- Down Migration
drop trigger clients_set_updated_at on clients;
drop function set_updated_at();
