-- Up Migration
-- Fails on purpose: the rows of the step before hold one name twice. Shows what a failing migration looks like.
create unique index price_list_name_key on price_list (name);

-- Down Migration
drop index price_list_name_key;
