-- Up Migration
create table bookings (
  id bigint generated always as identity primary key,
  session_id bigint not null references sessions (id) on delete restrict,
  client_id bigint not null references clients (id) on delete restrict,
  status text not null default 'confirmed' check (status in ('requested', 'confirmed', 'cancelled', 'attended')),
  booked_at timestamptz not null default now(),
  cancelled_at timestamptz,
  constraint bookings_cancelled_has_time check ((status = 'cancelled') = (cancelled_at is not null))
);
create unique index bookings_one_per_client_idx on bookings (session_id, client_id) where status <> 'cancelled';
create index bookings_client_id_idx on bookings (client_id, booked_at desc);

comment on table bookings is 'A client''s place in a session.';
comment on index bookings_one_per_client_idx is 'A client may book again after cancelling.';

-- Down Migration
drop table bookings;
