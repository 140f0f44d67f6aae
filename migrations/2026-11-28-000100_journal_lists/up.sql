-- A list shows many people at once: one line for each page that was shown, of no resource of its own.
alter table accesses alter column resource_id drop not null;
