delete from accesses where resource_id is null;
alter table accesses alter column resource_id set not null;
