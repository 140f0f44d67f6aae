drop table reference_loads;
drop table job_runs;
drop table idempotency_keys;
drop table emails;
drop table events;
drop function conum_audit();
drop table audit_entries;
drop function conum_touch();
drop function conum_km(float8, float8, float8, float8);
drop function conum_reference(text, bigint);
drop function conum_reaches(uuid, text, text);
drop function conum_now();
drop function conum_setting(text);
drop extension btree_gist;
drop extension pg_trgm;
-- The role stays: other databases of the cluster may use it.
alter default privileges in schema public revoke select, insert, update, delete on tables from conum_app;
alter default privileges in schema public revoke usage, select on sequences from conum_app;
revoke usage on schema public from conum_app;
