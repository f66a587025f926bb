-- Up Migration
create table price_list (
  id bigint generated always as identity primary key,
  name text not null,
  price_cents integer not null check (price_cents >= 0)
);
comment on table price_list is 'What a kind of session usually costs.';

insert into price_list (name, price_cents) values
  ('Portrait', 12000),
  ('Family', 18000),
  ('Portrait', 15000);

-- Down Migration
drop table price_list;
