-- Up Migration
create table sessions (
  id bigint generated always as identity primary key,
  title text not null check (length(title) between 1 and 200),
  description text not null default '',
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  capacity integer not null default 1 check (capacity between 1 and 10000),
  price_cents integer not null default 0 check (price_cents >= 0),
  currency char(3) not null default 'EUR' check (currency = upper(currency)),
  status text not null default 'scheduled' check (status in ('scheduled', 'cancelled', 'done')),
  created_at timestamptz not null default now(),
  constraint sessions_end_after_start check (ends_at > starts_at)
);
create index sessions_starts_at_idx on sessions (starts_at);

comment on table sessions is 'What the studio offers at a certain time.';
comment on column sessions.capacity is 'How many clients may book it.';
comment on column sessions.price_cents is 'Price per client in hundredths of the currency.';

-- Down Migration
drop table sessions;
