-- Up Migration
create table invoices (
  id bigint generated always as identity primary key,
  number text not null unique check (number ~ '^[0-9]{4}-[0-9]{6}$'),
  client_id bigint not null references clients (id) on delete restrict,
  status text not null default 'draft' check (status in ('draft', 'sent', 'paid', 'void')),
  currency char(3) not null default 'EUR' check (currency = upper(currency)),
  issued_on date,
  due_on date,
  paid_at timestamptz,
  created_at timestamptz not null default now(),
  constraint invoices_due_after_issue check (due_on >= issued_on),
  constraint invoices_paid_has_time check ((status = 'paid') = (paid_at is not null))
);
create index invoices_client_id_idx on invoices (client_id);
create index invoices_open_idx on invoices (due_on) where status = 'sent';

create table invoice_lines (
  invoice_id bigint not null references invoices (id) on delete cascade,
  line integer not null check (line > 0),
  booking_id bigint references bookings (id) on delete restrict,
  description text not null,
  amount_cents integer not null,
  primary key (invoice_id, line)
);
create index invoice_lines_booking_id_idx on invoice_lines (booking_id);

comment on table invoices is 'What a client is asked to pay.';
comment on column invoices.number is 'Year and a running number, such as 2026-000042.';
comment on table invoice_lines is 'The positions of an invoice; amounts in hundredths of its currency.';

-- Down Migration
drop table invoice_lines;
drop table invoices;
