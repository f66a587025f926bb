-- Up Migration
alter table bookings add column invoice_id bigint references invoices (id) on delete set null;
create index bookings_invoice_id_idx on bookings (invoice_id) where invoice_id is not null;

comment on column bookings.invoice_id is 'The invoice that bills this booking, once there is one.';

-- Down Migration
alter table bookings drop column invoice_id;
